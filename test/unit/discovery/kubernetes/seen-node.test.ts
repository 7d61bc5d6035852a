import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { annotationNames } from "../../../../src/discovery/kubernetes/annotations.ts";
import { type KubernetesNode, readNode } from "../../../../src/discovery/kubernetes/node.ts";
import {
  columnsOf,
  completed,
  isUnusable,
  pageOf,
  type SeenNode,
  seenIn,
  versionOf,
} from "../../../../src/discovery/kubernetes/seen-node.ts";
import { idOf } from "../samples.ts";

const metadata = {
  name: "one",
  uid: "u",
  resourceVersion: "7",
  annotations: { [annotationNames.nodeId]: idOf("one") },
  labels: { "kubernetes.io/hostname": "one.example.org", "node-role.kubernetes.io/control-plane": "" },
  creationTimestamp: "1970-01-01T00:00:05Z",
};

const definitions = ["Name", "Status", "Roles", "OS-Image"].map((name) => ({ name }));

/** A Table as the API prints Nodes; only the first one of a watch has its columns. */
const tableOf = (status: string, osImage = "Debian 13", columnDefinitions: unknown = definitions) => ({
  kind: "Table",
  metadata: { resourceVersion: "9", continue: "more" },
  columnDefinitions,
  rows: [{ cells: ["one", status, "<none>", osImage], object: { kind: "PartialObjectMetadata", metadata } }],
});

const columns = columnsOf(tableOf("Ready"));

const wholeOf = (more: object = {}): KubernetesNode => {
  const status = {
    nodeInfo: { osImage: "Debian 13" },
    addresses: [{ type: "Hostname", address: "by-address" }],
    conditions: [{ type: "Ready", status: "Unknown" }],
  };
  const node = readNode({ metadata, spec: { podCIDRs: ["10.244.1.0/24"] }, status, ...more });
  if (!node) throw new Error("no node");
  return node;
};

describe("a Table of Nodes", () => {
  test("tells what the whole Node does, but for pod networks and addresses", () => {
    const [seen] = seenIn(tableOf("Ready"), columns);
    expect(seen).toEqual({
      node: { ...wholeOf(), hostname: "one.example.org", podCIDRs: [], isAway: false },
      isOutline: true,
      isUnready: false,
    });
    expect(pageOf(tableOf("Ready"), columns)).toMatchObject({ resourceVersion: "9", next: "more" });
  });

  test.each([
    ["Ready", false],
    ["Ready,SchedulingDisabled", false],
    ["NotReady", true],
    ["NotReady,SchedulingDisabled", true],
    ["Unknown", false], // it has no condition at all: nobody has heard of it yet
    ["", false],
  ])("that prints %j: it may be silent: %j", (status, isUnready) => {
    expect(seenIn(tableOf(status, "<unknown>", null), columns)[0]).toMatchObject({
      isUnready,
      node: { osImage: "" },
    });
  });

  test("without its column is of no use, and Nodes and lists of them are taken as they are", () => {
    const other = { ...tableOf("Ready"), columnDefinitions: [{ name: "Name" }] };
    expect(columnsOf(other)).toBeUndefined();
    expect(isUnusable(other, undefined)).toBe(true);
    expect(isUnusable(other, columns)).toBe(false);
    const node = { kind: "Node", metadata };
    for (const answer of [node, { kind: "NodeList", metadata: { resourceVersion: "9" }, items: [node] }]) {
      expect(isUnusable(answer, undefined)).toBe(false);
      expect(seenIn(answer, undefined)).toMatchObject([{ isOutline: false, node: { name: "one" } }]);
    }
    expect(versionOf({ kind: "Status", metadata: {} })).toBeUndefined();
  });

  test("a bookmark has a version and no Node", () => {
    const bookmark = {
      ...tableOf(""),
      rows: [{ cells: ["", "Unknown"], object: { metadata: { resourceVersion: "9" } } }],
    };
    expect(seenIn(bookmark, columns)).toEqual([]);
    expect(versionOf(bookmark)).toBe("9");
  });

  test("anything at all: never an exception", () => {
    fc.assert(
      fc.property(fc.anything(), fc.anything(), (rows, columnDefinitions) => {
        const table = { kind: "Table", rows, columnDefinitions, metadata: rows };
        pageOf(table, columnsOf(table));
        pageOf(rows, columns);
        expect(
          pageOf({ kind: "Table", rows: [{ cells: rows, object: rows }] }, columns).next,
        ).toBeUndefined();
      }),
    );
  });
});

function outline(status: string): SeenNode {
  const [seen] = seenIn(tableOf(status), columns);
  if (!seen) throw new Error("no outline");
  return seen;
}

describe("an outline", () => {
  const known = wholeOf();
  test("keeps what is known of the same Node; a silent machine stays silent until it is ready", () => {
    expect(known.isAway).toBe(true);
    expect(completed(outline("NotReady"), known)).toEqual(known);
    expect(completed(outline("Ready"), known)).toEqual({ ...known, isAway: false });
  });

  test("of a Node that was made anew takes nothing of the old one; a whole Node takes nothing at all", () => {
    expect(completed(outline("NotReady"), { ...known, uid: "old" })).toEqual(outline("NotReady").node);
    expect(completed(outline("NotReady"))).toEqual(outline("NotReady").node);
    const whole = { node: wholeOf({ spec: {} }), isOutline: false, isUnready: false };
    expect(completed(whole, known).podCIDRs).toEqual([]);
  });
});
