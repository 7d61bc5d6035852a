import { describe, expect, test } from "vitest";
import type { MatrixCell } from "../../../src/api/index.ts";
import {
  dotSketch,
  drawn,
  graphNode,
  graphOf,
  jsonSketch,
  mermaidSketch,
  Pairs,
  svgSketch,
} from "../../../src/graph/index.ts";
import { peer, status } from "../cli/status-values.ts";
import { endpoint } from "../mesh/values.ts";

const at = endpoint("203.0.113.2:51820");
const hostile = `<script>"#\`&\\]\u202e${"x".repeat(70_000)}`;
const peers = [
  peer(2, { label: "b", endpoint: at, roundTrips: { [at]: 3.21 } }),
  peer(4, { label: "c", way: { kind: "relayed", via: "b" } }),
  peer(6, { label: hostile, state: "down" }),
];
const graph = graphOf(status({ peers }));

test("a graph has this node, its peers, and the way to each", () => {
  expect(graph.nodes.map(({ label, isSelf }) => [label, isSelf])).toEqual([
    ["host", true],
    ["b", undefined],
    ["c", undefined],
    [hostile, undefined],
  ]);
  expect(graph.edges).toEqual([
    { from: "n", to: "id2", way: "direct", roundTripMs: 3.21 },
    { from: "n", to: "id4", way: "relayed", via: "b" },
    { from: "n", to: "id6", way: "none" },
  ]);
});

test("Graphviz gets colours by way, and round trips at the lines", () => {
  const text = drawn(graph, dotSketch);
  expect(text).toContain('"n" [label="host", style="bold"];');
  expect(text).toContain('"n" -- "id2" [color="#2e9e4f", label="3.2 ms"];');
  expect(text).toContain('"n" -- "id4" [color="#d98200", label="via b", style="dashed"];');
});

test("Mermaid gets ids of its own, since names may be words of its language", () => {
  const text = drawn(graphOf(status({ peers: [peer(2, { label: "end", endpoint: at })] })), mermaidSketch);
  expect(text).toBe(
    'graph LR\n  n0(["host"])\n  subgraph s0["203.0.113.0/24"]\n  n1["end"]\n  end\n  n0 --- n1\n  linkStyle 0 stroke:#2e9e4f\n',
  );
});

describe.each([
  ["Graphviz", dotSketch, /\[label="((?:[^"\\]|\\.)*)"\];/],
  ["Mermaid", mermaidSketch, /^ {2}n3\["([^"]*)"\]$/m],
  ["SVG", svgSketch, /<text [^>]*>([^<]*x{9}[^<]*)<\/text>/],
])("in %s", (_, sketch, inner) => {
  test("a hostile name is one short label, and nothing else", () => {
    const text = drawn(graph, sketch);
    expect(text.length).toBeLessThan(3_000);
    expect(text).not.toMatch(/\u202e/);
    const labels = [...text.matchAll(new RegExp(inner, "gm"))].map(([, label]) => label ?? "");
    expect(labels.filter((label) => label.includes("script"))).toHaveLength(1);
  });

  test("the same mesh is drawn in the same way", () => {
    expect(drawn(graph, sketch)).toBe(drawn(graphOf(status({ peers })), sketch));
  });
});

test("no element of an SVG comes from a name", () => {
  const elements = [...drawn(graph, svgSketch).matchAll(/<\/?([a-z]+)/g)].map(([, name]) => name);
  expect(new Set(elements)).toEqual(new Set(["svg", "style", "path", "line", "text", "circle"]));
});

test("JSON is what it was made of", () => {
  expect(JSON.parse(drawn(graph, jsonSketch))).toEqual(JSON.parse(JSON.stringify(graph)));
});

const nodes = [
  { nodeId: "a", label: "a", site: "10.0.0.0/16", isSelf: true },
  { nodeId: "b", label: "b", site: "203.0.113.0/24" },
  { nodeId: "c", label: "c", site: "10.0.0.0/16" },
] as const;
const [a, b, c] = nodes;
const told = (from: (typeof nodes)[number], ...cells: MatrixCell[]) => ({ from, linkMtu: 1420, cells });

test("sites are drawn together, of the node that was asked, too", () => {
  const mesh = { nodes: nodes.map(graphNode), edges: [] };
  expect(drawn(mesh, dotSketch)).toMatch(
    /subgraph "cluster_0" \{\n {2}label="10\.0\.0\.0\/16";\n {2}"a" .*\n {2}"c" .*\n {2}\}\n {2}subgraph "cluster_1" \{\n {2}label="203\.0\.113\.0\/24";\n {2}"b" /,
  );
  expect(drawn(mesh, mermaidSketch)).toMatch(/subgraph s0.*\n {2}n0\(\["a"\]\)\n {2}n2\["c"\]\n {2}end/);
  const svg = drawn(mesh, svgSketch);
  expect([...svg.matchAll(/<text class="site"[^>]*>([^<]*)</g)].map(([, site]) => site)).toEqual([
    "10.0.0.0/16",
    "203.0.113.0/24",
  ]);
  expect(svg).not.toContain("NaN");
});

test("a pair is drawn once both have told, and is the worse of what they tell", () => {
  const pairs = new Pairs();
  expect(pairs.take(told(a, { to: b, way: "direct", roundTripMs: 3 }, { to: c, way: "direct" }))).toEqual([]);
  expect(pairs.take(told(b, { to: a, way: "relayed", via: "c" }, { to: c, way: "direct" }))).toEqual([
    { from: "b", to: "a", way: "relayed", via: "c" },
  ]);
  expect(pairs.take(told(c, { to: a, way: "none" }))).toEqual([{ from: "c", to: "a", way: "none" }]);
  expect(pairs.rest()).toEqual([{ from: "b", to: "c", way: "direct" }]);
});

test("of two sides that tell one way, the longer round trip is drawn", () => {
  const pairs = new Pairs();
  pairs.take(told(a, { to: b, way: "direct", roundTripMs: 3 }));
  expect(pairs.take(told(b, { to: a, way: "direct", roundTripMs: 5 }))).toMatchObject([{ roundTripMs: 5 }]);
});

test("a node that this one does not know is no end of a line", () => {
  const pairs = new Pairs();
  pairs.take(told(a, { to: { label: "AAAAAAAAAAA=" }, way: "direct" }));
  expect(pairs.rest()).toEqual([]);
});
