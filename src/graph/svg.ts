import { printable } from "../base/index.ts";
import { type Edge, edgeText, type Graph, type GraphNode } from "./graph.ts";
import { longestLabel } from "./label.ts";
import { looks } from "./looks.ts";

interface Point {
  readonly x: number;
  readonly y: number;
}

/** The pixels between two nodes on the circle, its least radius, and the room around it for names. */
const sizes = { apart: 26, leastRadius: 160, margin: 220, node: 6 } as const;

/** Names and lines on white or black, as the page around it is. */
const style = [
  "text{font:12px sans-serif;fill:#222}",
  ".way{font-size:10px;fill:#666}",
  "circle{fill:#456;stroke:none}",
  "@media(prefers-color-scheme:dark){text{fill:#ddd}.way{fill:#999}circle{fill:#9ab}}",
].join("");

/** The mesh as an image: the node that was asked in the middle, or else all nodes on a circle, and a line for each way. */
export function svgOf({ nodes, edges }: Graph): string {
  const around = nodes.filter(({ isSelf }) => !isSelf);
  const radius = Math.max(sizes.leastRadius, (around.length * sizes.apart) / (2 * Math.PI));
  const middle = radius + sizes.margin;
  const at = placesOf(nodes, around, { x: middle, y: middle }, radius);
  const size = Math.ceil(2 * middle);
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size} ${size}" role="img" aria-label="the mesh">`,
    `<style>${style}</style>`,
    ...edges.flatMap((edge) => lineOf(edge, at)),
    ...nodes.flatMap((node) => markOf(node, at, middle)),
    "</svg>",
  ].join("\n")}\n`;
}

function placesOf(
  nodes: readonly GraphNode[],
  around: readonly GraphNode[],
  middle: Point,
  radius: number,
): ReadonlyMap<string, Point> {
  const inside = nodes.filter(({ isSelf }) => isSelf).map(({ id }) => [id, middle] as const);
  const outside = around.map(({ id }, index) => {
    const angle = (2 * Math.PI * index) / around.length - Math.PI / 2;
    const place = { x: middle.x + radius * Math.cos(angle), y: middle.y + radius * Math.sin(angle) };
    return [id, place] as const;
  });
  return new Map([...inside, ...outside]);
}

function lineOf(edge: Edge, at: ReadonlyMap<string, Point>): string[] {
  const [from, to] = [at.get(edge.from), at.get(edge.to)];
  if (!from || !to) return [];
  const { colour, isBroken } = looks[edge.way];
  const text = edgeText(edge);
  const dashes = isBroken ? ' stroke-dasharray="5 4"' : "";
  const line = `<line x1="${px(from.x)}" y1="${px(from.y)}" x2="${px(to.x)}" y2="${px(to.y)}" stroke="${colour}"${dashes}/>`;
  // Two thirds of the way, so that words at lines from one node do not stand upon each other.
  const [x, y] = [from.x + ((to.x - from.x) * 2) / 3, from.y + ((to.y - from.y) * 2) / 3];
  const label = `<text class="way" x="${px(x)}" y="${px(y)}" text-anchor="middle">${escaped(text)}</text>`;
  return text === "" ? [line] : [line, label];
}

function markOf({ id, label, isSelf }: GraphNode, at: ReadonlyMap<string, Point>, middle: number): string[] {
  const { x, y } = at.get(id) ?? { x: middle, y: middle };
  const isLeft = x < middle - 1;
  const beside = isLeft ? -sizes.node - 4 : sizes.node + 4;
  const weight = isSelf ? ' font-weight="bold"' : "";
  return [
    `<circle cx="${px(x)}" cy="${px(y)}" r="${sizes.node}"/>`,
    `<text x="${px(x + beside)}" y="${px(y + 4)}" text-anchor="${isLeft ? "end" : "start"}"${weight}>${escaped(label)}</text>`,
  ];
}

const px = (value: number): string => value.toFixed(1);

const entities: Readonly<Record<string, string>> = {
  "&": "amp",
  "<": "lt",
  ">": "gt",
  '"': "quot",
  "'": "apos",
};
const escaped = (text: string): string =>
  printable(text, longestLabel).replace(/[&<>"']/g, (sign) => `&${entities[sign]};`);
