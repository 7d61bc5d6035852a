import { type Command, Option } from "commander";
import { fetchStatus, followMatrix } from "../api/effects/index.ts";
import type { svgSketch } from "../graph/index.ts";
import { complain, print } from "../system/index.ts";
import { exampleText } from "./examples.ts";
import { configOption, runDirectoryOf } from "./options.ts";

const formats = ["dot", "mermaid", "svg", "json"] as const;

interface GraphOptions {
  readonly config: string;
  readonly output: (typeof formats)[number];
  readonly own?: true;
}

export function registerGraph(program: Command): void {
  program
    .command("graph")
    .description("draw the ways between all nodes as a picture")
    .addOption(configOption())
    .addOption(new Option("-o, --output <format>", "format of the picture").choices(formats).default("dot"))
    .option("--own", "draw only the ways of this node, measure nothing")
    .addHelpText(
      "after",
      `\nA line is the worse of what the two nodes at its ends tell. Nodes in one network\nare drawn together. Whoever does not tell is named on standard error.\n${exampleText("graph")}`,
    )
    .action(async ({ config, output, own }: GraphOptions) => {
      const { dotSketch, drawn, graphOf, jsonSketch, mermaidSketch, svgSketch } = await import(
        "../graph/index.ts"
      );
      const sketch = { dot: dotSketch, mermaid: mermaidSketch, svg: svgSketch, json: jsonSketch }[output];
      const folder = await runDirectoryOf(config);
      if (own) print(drawn(graphOf(await fetchStatus(folder)), sketch));
      else await drawMesh(folder, sketch);
    });
}

/** Prints the picture as the members tell of their ways. */
async function drawMesh(folder: string, sketchOf: typeof svgSketch): Promise<void> {
  const { graphNode, Pairs } = await import("../graph/index.ts");
  const { matrixText } = await import("./matrix-text.ts");
  const pairs = new Pairs();
  let sketch = sketchOf([]);
  for await (const line of followMatrix(folder)) {
    if ("nodes" in line) {
      sketch = sketchOf(line.nodes.map(graphNode));
      print(sketch.head);
    } else if ("problem" in line) complain(matrixText(line));
    else for (const edge of pairs.take(line)) print(sketch.edge(edge));
  }
  for (const edge of pairs.rest()) print(sketch.edge(edge));
  print(sketch.tail);
}
