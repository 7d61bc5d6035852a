import { printable } from "../base/index.ts";
import { alone, type Edge, edgeText, type GraphNode, sitesOf } from "./graph.ts";
import { longestLabel } from "./label.ts";
import { looks } from "./looks.ts";
import type { Sketch } from "./sketch.ts";

interface Point {
  readonly x: number;
  readonly y: number;
}

/** The pixels between two nodes on the circle, its least radius, and the room around it for names. */
const sizes = { apart: 26, leastRadius: 160, margin: 220, node: 6 } as const;

/** Names and lines on white or black, as the page around it is. */
const style = [
  "text{font:12px sans-serif;fill:#222}",
  ".way,.site{font-size:10px;fill:#666}",
  "circle{fill:#456;stroke:none}",
  "path{fill:none;stroke:#789;stroke-opacity:.25;stroke-width:22;stroke-linecap:round}",
  "@media(prefers-color-scheme:dark){text{fill:#ddd}.way,.site{fill:#999}circle{fill:#9ab}}",
].join("");

/** A site, between the angles of its first and its last node. */
interface Arc {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

/**
 * The mesh as an image: nodes on a circle, those of a site beside each other on one arc, and a line for each way. A node that
 * is at no site is in the middle.
 */
export function svgSketch(nodes: readonly GraphNode[]): Sketch {
  const sites = sitesOf(nodes);
  // A place is left free between two sites.
  const places = sites.reduce((sum, { nodes: there }) => sum + there.length + 1, 0);
  const radius = Math.max(sizes.leastRadius, (places * sizes.apart) / (2 * Math.PI));
  const middle = radius + sizes.margin;
  const pointAt = (angle: number, distance = radius): Point => ({
    x: middle + distance * Math.cos(angle),
    y: middle + distance * Math.sin(angle),
  });
  const at = new Map<string, Point>(alone(nodes).map(({ id }) => [id, { x: middle, y: middle }]));
  const arcs: Arc[] = [];
  let place = 0;
  const angleOf = (number: number): number => (number / places) * 2 * Math.PI - Math.PI / 2;
  for (const { name, nodes: there } of sites) {
    for (const [index, { id }] of there.entries()) at.set(id, pointAt(angleOf(place + index)));
    arcs.push({ name, from: angleOf(place), to: angleOf(place + there.length - 1) });
    place += there.length + 1;
  }
  const size = Math.ceil(2 * middle);
  return {
    head: `${[
      `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size} ${size}" role="img" aria-label="the mesh">`,
      `<style>${style}</style>`,
      ...arcs.flatMap((arc) => siteMark(arc, pointAt, radius)),
    ].join("\n")}\n`,
    edge: (edge) => `${lineOf(edge, at).join("\n")}\n`,
    tail: `${[...nodes.flatMap((node) => markOf(node, at, middle)), "</svg>"].join("\n")}\n`,
  };
}

/** The arc behind the nodes of a site, and its name within the circle. */
function siteMark(
  { name, from, to }: Arc,
  pointAt: (angle: number, distance?: number) => Point,
  radius: number,
): string[] {
  const [begin, end, words] = [pointAt(from), pointAt(to), pointAt((from + to) / 2, radius - 24)];
  const isLong = to - from > Math.PI ? 1 : 0;
  return [
    `<path d="M ${px(begin.x)} ${px(begin.y)} A ${px(radius)} ${px(radius)} 0 ${isLong} 1 ${px(end.x)} ${px(end.y)}"/>`,
    `<text class="site" x="${px(words.x)}" y="${px(words.y)}" text-anchor="middle">${escaped(name)}</text>`,
  ];
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
