import { expect, test } from "vitest";
import { statusText } from "../../../src/cli/status-text.ts";
import { peer, status } from "./status-values.ts";

const long =
  "discovery service https://discovery.example.org:443 cannot be reached: its certificate has expired (renew it; if it is valid still, set the clock of this node, which is ahead)";
const failing = {
  name: "default",
  location: "https://discovery.example.org:443",
  phase: "connecting",
  error: long,
  affiliates: 200,
  refused: [
    { nodeId: "x".repeat(43), reason: "its data does not open with this node's clusterSecret" },
    { nodeId: "y".repeat(43), reason: "endpoint 1 of 1: does not open", partly: true },
  ],
} as const;
const trouble = "nothing came back for 25s of traffic, last at 203.0.113.7:51820; 12 handshakes unanswered";
const many = Array.from({ length: 200 }, (_, at) =>
  peer(at, at === 150 ? { state: "down", trouble } : at === 160 ? { suspected: true } : {}),
);

test("with 200 peers, a failing registry and refusals no line is longer than 80 columns", () => {
  const text = statusText(status({ peers: many, registries: [failing] }));
  expect(text.split("\n").filter((line) => line.length > 80)).toEqual([]);
  expect(text.split("\n").length).toBeLessThan(1_050);
});

test("the count comes first, then peers in trouble, and what is wrong with them below the table", () => {
  const lines = statusText(status({ peers: many })).split("\n");
  const at = lines.indexOf("199 of 200 peers up, 1 of them suspected");
  expect(lines.slice(at + 1, at + 4).map((line) => line.split(/ +/)[1])).toEqual([
    "STATE",
    "down",
    "suspected",
  ]);
  expect(lines[at + 2]).toMatch(
    /^ip-10-0-1\.\.\S+ +down 1m51s +12s +1\.1 GiB +96\.5 KiB +203\.0\.113\.150:51820$/,
  );
  const told = lines.findIndex((line) =>
    line.startsWith("ip-10-0-1-150.eu-central-1.compute.internal: nothing came"),
  );
  expect(told).toBeGreaterThan(at + 200);
});

test("the error of a registry stands below the table, not in it", () => {
  const lines = statusText(status({ registries: [failing] })).split("\n");
  const at = lines.findIndex((line) => line.startsWith("REGISTRY"));
  expect(lines[at + 1]).toMatch(/^default +connecting +200 +-$/);
  expect(lines.slice(at + 3, at + 7).join(" ")).toContain(`default: ${long}`);
});

test("what is refused is a warning and comes before the rest; what is usual is shown with --all only", () => {
  const given = status({ registries: [failing], peers: [peer(2)] });
  const text = statusText(given);
  expect(text.indexOf("clusterSecret")).toBeLessThan(text.indexOf("REGISTRY"));
  expect(text).toMatch(/^WARNING +WHAT\ndefault +affiliate x+ is refused: its\n +data/m);
  expect(text).toContain("it is deprecated");
  expect(text).toContain("endpoint 1 of 1: does not open");
  expect(text).not.toMatch(/loopback|10\.0\.0\.1/);
  expect(text).toContain("2 more left out, as is usual: status --all");
  expect(statusText(given, { all: true })).toMatch(/loopback[^]*10\.0\.0\.1/);
});

test("a refused endpoint of a peer that is down is shown", () => {
  expect(statusText(status({ peers: [peer(2, { state: "down" })] }))).toContain("10.0.0.1:51820");
});

test("the cluster id is shown, and that nobody else is known by it", () => {
  const alone = { ...failing, phase: "connected", affiliates: 0, refused: [] } as const;
  const text = statusText(status({ registries: [alone] }));
  expect(text).toMatch(/^cluster: +the-cluster$/m);
  expect(text).toContain("no registry that answers knows another node of this cluster id");
});

test.each([
  [{ table: "owned", links: "whole" }, "an nft table that only this daemon changes; programs at the links"],
  [{ table: "shared", links: "missing" }, "an nft table, put back if others change it; nothing at the links"],
] as const)("what keeps traffic in the mesh is a line: %j", (protection, line) => {
  const { node } = status();
  const lines = statusText(status({ node: { ...node, protection } })).split("\n");
  expect(lines.filter((each) => each.startsWith("kept in:"))).toEqual([`kept in:    ${line}`]);
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(80);
});

test("peers to which only smaller packets pass are named, with what passes, within 80 columns", () => {
  const pathMtu = { mtu: 1328, isSmaller: true, seconds: 300, why: "its packets take another way" };
  const wide = { mtu: 1420, isSmaller: false, seconds: 300, why: "the peer came up" };
  const text = statusText(status({ peers: [peer(2, { pathMtu }), peer(4, { pathMtu: wide })] }));
  const shown = text.slice(text.indexOf("SMALLER MTU"));
  expect(shown.replace(/\s+/g, " ")).toMatch(
    /^SMALLER MTU BYTES FOUND WHY ip-10\S+ 1328 5m0?s? ago measured as its packets/,
  );
  expect(text.split("\n").filter((line) => line.length > 80)).toEqual([]);
  expect(shown).not.toContain("1420");
});
