import { describe, expect, test } from "vitest";
import {
  clockProblem,
  environmentText,
  filesBeside,
  newServices,
  progressOf,
  tokenServices,
} from "../../../src/joining/index.ts";

type Seen = Parameters<typeof progressOf>[0];

const status = (phase: "connected" | "connecting", peers: readonly ("up" | "down")[], error?: string): Seen =>
  ({
    work: { state: "working" },
    node: { nodeId: "own" },
    registries: [{ phase, ...(error !== undefined && { error }) }],
    peers: peers.map((state, index) => ({ state, label: `node-${index}` })),
  }) as unknown as Seen;

describe("progressOf", () => {
  test.each([
    [
      "a registry that has not answered",
      status("connecting", []),
      [],
      false,
      "asking the discovery services",
    ],
    ["a registry that refuses", status("connecting", ["up"], "refused"), [], false, "refused"],
    ["the first node of a mesh", status("connected", []), [], true, "no other node is there yet"],
    [
      "this node alone, which was there before",
      status("connected", []),
      ["own"],
      true,
      "no other node is there yet",
    ],
    ["a node that is not told yet", status("connected", []), ["other"], false, "no other node is known yet"],
    ["all up", status("connected", ["up", "up"]), ["other"], true, "2 of 2 peers up"],
    [
      "some up",
      status("connected", ["up", "down", "down"]),
      [],
      false,
      "1 of 3 peers up; not node-1 and 1 more",
    ],
  ] as const)("%s", (_, seen, others, isDone, text) => {
    expect(progressOf(seen, others)).toEqual({ isDone, text });
  });
});

describe("clockProblem", () => {
  const now = Date.UTC(2031, 5, 1);
  const hour = 3_600_000;
  test.each([
    ["nobody to compare with", { now, installedAt: now - hour, numbers: [] }, undefined],
    [
      "installed after now",
      { now, installedAt: now + hour, numbers: [] },
      /before this program was installed/,
    ],
    ["nodes that spoke before", { now, installedAt: 0, numbers: [now - hour, now - 9 * hour] }, undefined],
    ["most nodes spoke later", { now, installedAt: 0, numbers: [now + hour, now + hour, 1] }, /left behind/],
    ["one node is ahead itself", { now, installedAt: 0, numbers: [now + hour, now - 1, now - 2] }, undefined],
    ["a difference of seconds", { now, installedAt: 0, numbers: [now + 5000] }, undefined],
  ])("%s", (_, fact, expected) => {
    const problem = clockProblem(fact);
    if (expected === undefined) expect(problem).toBeUndefined();
    else expect(problem).toMatch(expected);
  });
});

const authority = "/etc/kubespan/discovery-ca.pem";

test("a new configuration has each service once, with the cluster's authority where it counts", () => {
  const token = [
    { url: "https://192.0.2.10:3000/", isOurs: true },
    { url: "https://192.0.2.11:3000/", isOurs: true },
    { url: "https://discovery.example.org/", isOurs: false },
  ];
  expect(newServices(token, authority, "https://192.0.2.11:3000/")).toEqual([
    { name: "192.0.2.11:3000", url: "https://192.0.2.11:3000/", caFile: authority },
    { name: "192.0.2.10:3000", url: "https://192.0.2.10:3000/", caFile: authority },
    { name: "discovery.example.org:443", url: "https://discovery.example.org/" },
  ]);
});

test("a token tells the services of the cluster's authority and of the system's, and no others", () => {
  const at = { port: 3000, tls: true };
  const told = tokenServices(
    [
      { name: "ours", host: "2001:db8::1", ...at, caFile: authority },
      { name: "public", host: "discovery.example.org", ...at },
      { name: "private", host: "192.0.2.12", ...at, caFile: "/etc/other.pem" },
    ],
    authority,
  );
  expect(told).toEqual({
    services: [
      { url: "https://[2001:db8::1]:3000/", isOurs: true },
      { url: "https://discovery.example.org:3000/", isOurs: false },
    ],
    unnamed: ["private"],
  });
});

test("the unit's options are one line that its shell needs not read", () => {
  const files = filesBeside("/etc/kubespan/config.yaml");
  expect(environmentText({ host: "192.0.2.10", port: 3000 }, files)).toMatch(
    /^KUBESPAN_DISCOVERY_OPTIONS="--listen \[::\]:3000 --authority \/etc\/kubespan\/discovery-ca\.key --name 192\.0\.2\.10 --snapshot \S+"$/m,
  );
});
