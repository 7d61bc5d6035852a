/** Writes a directed graph in the language of Graphviz. */
export function dotText(
  name: string,
  nodes: readonly string[],
  arrows: readonly (readonly [from: string, to: string])[],
): string {
  const lines = new Set([
    ...nodes.map((node) => `  ${quoted(node)};`),
    ...arrows.map(([from, to]) => `  ${quoted(from)} -> ${quoted(to)};`),
  ]);
  return `digraph ${quoted(name)} {\n  rankdir=LR;\n  node [shape=box];\n${[...lines].join("\n")}\n}\n`;
}

const quoted = (text: string): string => `"${text.replace(/[\\"]/g, "\\$&")}"`;
