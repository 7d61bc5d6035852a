import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type AnnotationPatch,
  annotationNames,
  annotationPatch,
  annotationsOf,
  ownAnnotations,
} from "../../../../src/discovery/kubernetes/annotations.ts";
import { KnownNodes } from "../../../../src/discovery/kubernetes/known-nodes.ts";
import { type KubernetesNode, readNode } from "../../../../src/discovery/kubernetes/node.ts";
import { readAffiliate } from "../../../../src/discovery/kubernetes/read-affiliate.ts";
import { anyAffiliate, idOf, nameOf, prefix, sample } from "../samples.ts";

interface NodeText {
  readonly uid?: string;
  readonly version?: number;
  readonly annotations?: Readonly<Record<string, unknown>>;
  readonly podCIDRs?: readonly string[];
  /** The time in seconds at which the annotations were written. */
  readonly writtenAt?: number;
  readonly ready?: "True" | "False" | "Unknown";
}

const objectOf = (
  name: string,
  { uid = "u", version = 1, annotations = {}, podCIDRs = [], writtenAt = 0, ready = "True" }: NodeText = {},
) => ({
  metadata: {
    name,
    uid,
    resourceVersion: String(version),
    annotations,
    labels: { "node-role.kubernetes.io/control-plane": "" },
    creationTimestamp: "1970-01-01T00:00:00Z",
    managedFields: [
      { time: new Date(7_000_000), fieldsV1: { "f:status": {} } },
      {
        time: new Date(writtenAt * 1000),
        fieldsV1: { "f:metadata": { "f:annotations": { [`f:${annotationNames.nodeId}`]: {} } } },
      },
    ],
  },
  spec: { podCIDRs },
  status: { nodeInfo: { osImage: "Debian 13" }, conditions: [{ type: "Ready", status: ready }] },
});

function nodeOf(name: string, more?: NodeText): KubernetesNode {
  const node = readNode(objectOf(name, more));
  if (!node) throw new Error("no node");
  return node;
}

const selfIps = { [annotationNames.addresses]: "192.0.2.7" };

const withId = (id: string) => ({ [annotationNames.nodeId]: idOf(id) });

/** What the API does with a merge patch. */
function merged(
  before: Readonly<Record<string, string>>,
  patch: AnnotationPatch = {},
): Record<string, string> {
  const all: Record<string, string | null> = { ...before, ...patch };
  return Object.fromEntries(
    Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== null),
  );
}

describe("annotations", () => {
  test("any change: the patch makes of what is there what is wanted, leaves others alone, and is needed once", () => {
    fc.assert(
      fc.property(anyAffiliate(), anyAffiliate(), (before, after) => {
        const first = {
          "example.org/other": "stays",
          ...merged({}, annotationPatch(annotationsOf(before), {})),
        };
        const there = ownAnnotations(first);
        const second = merged(first, annotationPatch(annotationsOf(after), there));
        expect(ownAnnotations(second)).toEqual(annotationsOf(after));
        expect(second["example.org/other"]).toBe("stays");
        expect(annotationPatch(annotationsOf(after), ownAnnotations(second))).toBeUndefined();
        expect(merged(second, annotationPatch({}, ownAnnotations(second)))).toEqual({
          "example.org/other": "stays",
        });
      }),
    );
  });

  test.each([
    [
      [
        { type: "InternalIP", address: "192.0.2.7" },
        { type: "Hostname", address: "vm.example.org" },
      ],
      "vm.example.org",
    ],
    [[{ type: "Hostname", address: "a\u200Bb" }], "node-7"],
    [[{ type: "Hostname", address: 7 }], "node-7"],
    [[], "node-7"],
  ])("the host name is the one among the Node's addresses: %o", (addresses, hostname) => {
    const object = objectOf("node-7", { annotations: withId("a") });
    const node = readNode({ ...object, status: { ...object.status, addresses } });
    const read = node && readAffiliate(node);
    expect(read && "affiliate" in read && read.affiliate.hostname).toBe(hostname);
  });

  test("what one node writes, another reads, apart from what Kubernetes itself knows", () => {
    fc.assert(
      fc.property(anyAffiliate(), ({ membership: _sealedOnly, ...affiliate }) => {
        const annotations = merged({}, annotationPatch(annotationsOf(affiliate), {}));
        const result = readAffiliate(nodeOf("node-7", { annotations }));
        const known = {
          hostname: "node-7",
          nodeName: "node-7",
          machineType: "controlplane",
          operatingSystem: "Debian 13",
        };
        expect(result).toEqual({ affiliate: { ...affiliate, ...known }, dropped: [] });
      }),
    );
  });

  test("anything at all in the annotations: an affiliate, a reason, or nobody; never an exception", () => {
    const text = fc.oneof(
      fc.string(),
      fc.string().map((part) => `${part},10.0.0.1,192.0.2.1:1,10.0.0.0/8`),
    );
    const annotations = fc.dictionary(fc.constantFrom(...Object.values(annotationNames)), text);
    fc.assert(
      fc.property(annotations, (all) => {
        const result = readAffiliate(nodeOf("any", { annotations: all }));
        for (const reason of result && "dropped" in result ? result.dropped : [])
          expect(reason).toMatch(/^(networking\.talos\.dev|and \d+ more)/);
      }),
    );
  });

  test("a list without end is bounded, and says so", () => {
    const annotations = {
      ...merged({}, annotationPatch(annotationsOf(sample), {})),
      [annotationNames.endpoints]: Array.from({ length: 70 }, (_, index) => `192.0.2.1:${index + 1}`).join(),
    };
    const result = readAffiliate(nodeOf("many", { annotations }));
    expect(result).toMatchObject({
      affiliate: { kubespan: { endpoints: { length: 64 } } },
      dropped: [`${annotationNames.endpoints}, after the first 64: too many`],
    });
  });
});

describe("readNode", () => {
  test("anything at all: a node or none", () => {
    fc.assert(
      fc.property(fc.anything(), fc.anything(), (metadata, spec) => {
        readNode(metadata);
        readNode({ metadata, spec, status: spec });
        expect(readNode({ metadata: { name: "x", annotations: metadata, labels: spec }, spec })?.name).toBe(
          "x",
        );
      }),
    );
  });

  test.each([{}, null, 7, { metadata: { name: "../x" } }, { metadata: { name: "" } }])(
    "%j is none",
    (object) => {
      expect(readNode(object)).toBeUndefined();
    },
  );
});

describe("KnownNodes", () => {
  test("a heartbeat is no news, an older state is none either, a Node made anew is", () => {
    const known = new KnownNodes("me", "own");
    expect(known.put(nodeOf("a", { version: 5, annotations: withId("a") }))).toBe(true);
    expect(known.put(nodeOf("a", { version: 6, annotations: withId("a") }))).toBe(false);
    expect(known.put(nodeOf("a", { version: 4, annotations: withId("old") }))).toBe(false);
    expect(known.affiliates().map(({ nodeId }) => nameOf(nodeId))).toEqual(["a"]);
    expect(known.put(nodeOf("a", { uid: "new", version: 3, annotations: withId("b") }))).toBe(true);
    expect(known.remove("a", "u")).toBe(false); // that one went before
    expect(known.remove("a", "new")).toBe(true);
    expect(known.affiliates()).toEqual([]);
  });

  test("a Node without an id is kept only if it is our own; its pod networks are read", () => {
    const known = new KnownNodes("me", "own");
    expect(known.replace([nodeOf("own", { podCIDRs: ["10.244.1.7/24", "nonsense"] }), nodeOf("b")])).toBe(
      true,
    );
    expect(known.podNetworks()).toEqual([prefix("10.244.1.0/24")]);
    expect(known.affiliates()).toEqual([]);
    expect(known.replace([nodeOf("b", { annotations: withId("b") })])).toBe(true);
    expect(known.own()).toBeUndefined();
    expect(known.affiliates().map(({ nodeName }) => nodeName)).toEqual(["b"]);
    expect(known.put(nodeOf("b", { version: 2 }))).toBe(true);
    expect(known.affiliates()).toEqual([]);
  });

  test.each<[string, NodeText, NodeText, string]>([
    ["the one that was written later", { writtenAt: 5 }, { writtenAt: 6 }, "b"],
    ["the one that was written later", { writtenAt: 6 }, { writtenAt: 5 }, "a"],
    ["the one of which something is heard", { writtenAt: 6, ready: "Unknown" }, { writtenAt: 5 }, "b"],
    ["the later one, if both are heard of", { ready: "False", writtenAt: 6 }, { writtenAt: 5 }, "a"],
    ["the first by name, if all else is alike", {}, {}, "a"],
  ])("of two Nodes with one node id %s counts, in whatever order they come", (_, a, b, expected) => {
    const annotations = withId("id");
    const twins = [nodeOf("b", { annotations, ...b }), nodeOf("a", { annotations, ...a })];
    const other = expected === "a" ? "b" : "a";
    for (const order of [twins, twins.toReversed()]) {
      const known = new KnownNodes("me", "own");
      known.replace(order);
      expect(known.affiliates().map(({ nodeName }) => nodeName)).toEqual([expected]);
      expect(known.refused()).toEqual([
        {
          nodeId: idOf("id"),
          reason: `Node ${other}: Node ${expected} has the same node id, and counts`,
        },
      ]);
    }
  });

  test("a kubelet that fell silent makes its node away, and one that merely is not ready does not", () => {
    const known = new KnownNodes("me", "own");
    known.put(nodeOf("a", { annotations: withId("a"), ready: "False" }));
    known.put(nodeOf("b", { annotations: withId("b"), ready: "Unknown" }));
    expect([...known.away()]).toEqual([idOf("b")]);
    expect(known.put(nodeOf("b", { version: 2, annotations: withId("b") }))).toBe(true);
    expect([...known.away()]).toEqual([]);
  });

  test("a change of one Node leaves what the others say as it is, and one that came late stands in its place", () => {
    const known = new KnownNodes("me", "own");
    known.replace(["a", "b", "d"].map((name) => nodeOf(name, { annotations: withId(name) })));
    const [a, b, d] = known.affiliates();
    expect(known.put(nodeOf("b", { version: 2, annotations: { ...withId("b"), ...selfIps } }))).toBe(true);
    known.put(nodeOf("c", { annotations: withId("c") }));
    const [sameA, otherB, c, sameD] = known.affiliates();
    expect([sameA, sameD]).toEqual([a, d]);
    expect(sameA).toBe(a);
    expect(sameD).toBe(d);
    expect(otherB).not.toEqual(b);
    expect(c?.nodeName).toBe("c");
    known.put(nodeOf("a", { version: 3, annotations: withId("a"), ready: "Unknown" }));
    expect([...known.away()]).toEqual([idOf("a")]);
    expect(known.affiliates()[0]).toBe(a);
  });

  const before = [
    nodeOf("own", { version: 90, podCIDRs: ["10.244.1.0/24"] }),
    nodeOf("a", { version: 91, annotations: withId("new") }),
    nodeOf("b", { version: 92, annotations: withId("b") }),
  ];

  test("a list is believed, although the same Nodes had newer versions: those that are missing were deleted", () => {
    const known = new KnownNodes("me", "own");
    known.replace(before);
    expect(known.replace([nodeOf("a", { version: 7, annotations: withId("old") })])).toBe(true);
    expect(known.affiliates().map(({ nodeId }) => nodeId)).toEqual([idOf("old")]);
    expect([...known.deleted()]).toEqual([idOf("b")]);
    expect(known.podNetworks()).toEqual([]);
  });

  test.each<[string, readonly KubernetesNode[], boolean]>([
    ["the API went back", [nodeOf("a", { version: 7, annotations: withId("new") })], true],
    ["the list is empty", [], false],
  ])("%s: Nodes that are missing are lost, not deleted, and own pod networks stay", (_, list, wentBack) => {
    const known = new KnownNodes("me", "own");
    known.replace(before);
    known.replace(list, wentBack);
    expect([...known.deleted()]).toEqual([]);
    expect(known.affiliates()).toHaveLength(list.length);
    expect(known.podNetworks()).toEqual([prefix("10.244.1.0/24")]);
    known.put(nodeOf("own"));
    known.remove("own");
    expect(known.podNetworks()).toEqual([]);
  });
});
