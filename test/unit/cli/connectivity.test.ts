import { describe, expect, test } from "vitest";
import type { ConnectivityLine } from "../../../src/api/index.ts";
import {
  nodeVerdict,
  podPairs,
  podVerdict,
  untestedPods,
  verdictText,
} from "../../../src/cli/connectivity-verdict.ts";
import { isInTrouble, matrixText } from "../../../src/cli/matrix-text.ts";
import { address } from "../mesh/values.ts";

type OfPeer = Extract<ConnectivityLine, { peer: unknown }>;
const line: OfPeer = {
  peer: { nodeId: "id2", label: "b" },
  address: address("fd00::2"),
  way: "direct",
  roundTripMs: 1.5,
  lossPercent: 0,
  mtu: 1420,
  answers: true,
  podAddresses: [],
};
const { roundTripMs: _time, mtu: _mtu, ...silent } = line;
const { mtu: _size, ...small } = line;

describe("the verdict on the way to a node", () => {
  test.each<readonly [string, OfPeer, RegExp]>([
    ["ok", line, /^1420 bytes there and back, 1\.5 ms, direct$/],
    ["ok", { ...line, way: "relayed", via: "c", lossPercent: 20 }, /via c, 20% lost$/],
    ["fail", { ...line, lossPercent: 60 }, /60% lost$/],
    ["fail", { ...line, mtu: 1340 }, /^no packets above 1340 bytes pass.*MTU is 1420.*\(direct\)/],
    ["ok", { ...line, mtu: 1280, routeMtu: 1328 }, /^1328 bytes there and back, as routes to it have it/],
    ["fail", small, /^no large packets pass/],
    ["fail", { ...silent, lossPercent: 100 }, /^no packet comes back$/],
    ["skip", { ...silent, answers: false }, /its version is older, or it has matrix: false$/],
    ["fail", { ...silent, way: "none", problem: "no answer for 5m" }, /^no answer for 5m$/],
  ])("%s: %j", (result, about, text) => {
    const verdict = nodeVerdict(about, 1420);
    expect(verdict).toMatchObject({ peer: "b", test: "nodes", result });
    expect(verdict.text).toMatch(text);
  });
});

test("pod networks are tested in each family that both have", () => {
  const [own, others] = [
    ["10.244.1.1", "fd01::1"].map(address),
    ["10.244.2.9", "10.244.2.10", "fd02::1"].map(address),
  ];
  expect(podPairs(own, others).map(({ from, to, headerBytes }) => [from, to, headerBytes])).toEqual([
    ["10.244.1.1", "10.244.2.9", 28],
    ["fd01::1", "fd02::1", 48],
  ]);
  expect(podPairs([], others)).toEqual([]);
  expect(untestedPods(line, []).text).toMatch(/^this node has no address/);
  expect(untestedPods(line, own).text).toMatch(/^it has no address/);
  expect(untestedPods({ ...line, answers: false }, own).text).toMatch(/^it does not tell/);
});

test.each([
  [true, true, "ok", /1420 bytes there and back$/],
  [false, true, "fail", /small packets pass/],
  [false, false, "fail", /nothing comes back; kubespan why 10\.244\.2\.1/],
])("the verdict on pod networks: %s %s", (isFull, isSmall, result, text) => {
  const pair = { from: address("10.244.1.1"), to: address("10.244.2.1"), headerBytes: 28 };
  const verdict = podVerdict(line, pair, { isFull, isSmall }, 1420);
  expect(verdict.result).toBe(result);
  expect(verdict.text).toMatch(text);
});

test("hostile and long names stay within 80 columns", () => {
  const label = `\u001b[2J\u202e${"x".repeat(500)}`;
  const hostile = { ...line, peer: { nodeId: "id2", label }, mtu: 1340 };
  const cell = {
    to: { label },
    way: "relayed",
    via: label,
    roundTripMs: 12_345.6,
    lossPercent: 100,
  } as const;
  const row = { from: { nodeId: "id1", label }, linkMtu: 65_455, cells: [{ ...cell, mtu: 65_455 }] };
  const text =
    verdictText(nodeVerdict(hostile, 1420)) +
    matrixText(row) +
    matrixText({ ...row, problem: "x ".repeat(99) });
  expect(text.split("\n").filter((each) => each.length > 80)).toEqual([]);
  expect(text.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}]/u);
});

test.each([
  [{ way: "direct", lossPercent: 0, mtu: 1420 }, false],
  [{ way: "direct", lossPercent: 20, mtu: 1420 }, true],
  [{ way: "direct", lossPercent: 0, mtu: 1340 }, true],
  [{ way: "none" }, true],
] as const)("a pair with %j is in trouble: %s", (cell, expected) => {
  expect(isInTrouble({ linkMtu: 1420 })({ to: { label: "b" }, ...cell })).toBe(expected);
});
