import { describe, expect, test } from "vitest";
import { dotOf, graphOf, mermaidOf, svgOf } from "../../../src/graph/index.ts";
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
  const text = dotOf(graph);
  expect(text).toContain('"n" [label="host", style="bold"];');
  expect(text).toContain('"n" -- "id2" [color="#2e9e4f", label="3.2 ms"];');
  expect(text).toContain('"n" -- "id4" [color="#d98200", label="via b", style="dashed"];');
});

test("Mermaid gets ids of its own, since names may be words of its language", () => {
  const text = mermaidOf(graphOf(status({ peers: [peer(2, { label: "end", endpoint: at })] })));
  expect(text).toBe('graph LR\n  n0(["host"])\n  n1["end"]\n  n0 --- n1\n  linkStyle 0 stroke:#2e9e4f\n');
});

describe.each([
  ["Graphviz", dotOf, /\[label="((?:[^"\\]|\\.)*)"\];/],
  ["Mermaid", mermaidOf, /^ {2}n3\["([^"]*)"\]$/m],
  ["SVG", svgOf, /<text [^>]*>([^<]*x{9}[^<]*)<\/text>/],
])("in %s", (_, draw, inner) => {
  test("a hostile name is one short label, and nothing else", () => {
    const text = draw(graph);
    expect(text.length).toBeLessThan(3_000);
    expect(text).not.toMatch(/\u202e/);
    const labels = [...text.matchAll(new RegExp(inner, "gm"))].map(([, label]) => label ?? "");
    expect(labels.filter((label) => label.includes("script"))).toHaveLength(1);
  });

  test("the same mesh is drawn in the same way", () => {
    expect(draw(graph)).toBe(draw(graphOf(status({ peers }))));
  });
});

test("no element of an SVG comes from a name", () => {
  const elements = [...svgOf(graph).matchAll(/<\/?([a-z]+)/g)].map(([, name]) => name);
  expect(new Set(elements)).toEqual(new Set(["svg", "style", "line", "text", "circle"]));
});
