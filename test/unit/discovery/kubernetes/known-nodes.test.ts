import fc from "fast-check";
import { expect, test } from "vitest";
import { annotationNames } from "../../../../src/discovery/kubernetes/annotations.ts";
import { KnownNodes } from "../../../../src/discovery/kubernetes/known-nodes.ts";
import { type KubernetesNode, readNode } from "../../../../src/discovery/kubernetes/node.ts";
import { idOf } from "../samples.ts";

function nodeOf(
  name: string,
  version: number,
  nodeId: string | undefined,
  writtenAt: number,
): KubernetesNode {
  const annotations = nodeId === undefined ? {} : { [annotationNames.nodeId]: nodeId };
  const creationTimestamp = new Date(writtenAt * 1000).toISOString();
  const node = readNode({
    metadata: { name, uid: "u", resourceVersion: String(version), annotations, creationTimestamp },
  });
  if (!node) throw new Error("no node");
  return node;
}

test("any sequence of changes: what is known is what the same Nodes say in a list", () => {
  const names = fc.constantFrom("own", "a", "b", "c", "d");
  const state = fc.record({
    name: names,
    id: fc.constantFrom("me", "x", "y", "with blanks", undefined),
    writtenAt: fc.nat(2),
    isGone: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(state, { maxLength: 30 }), (changes) => {
      const known = new KnownNodes(idOf("me"), "own");
      const present = new Map<string, KubernetesNode>();
      changes.forEach(({ name, id, writtenAt, isGone }, index) => {
        const nodeId = id === undefined || id.includes(" ") ? id : idOf(id);
        const node = nodeOf(name, index + 1, nodeId, writtenAt);
        if (isGone) known.remove(name);
        else known.put(node);
        if (isGone) present.delete(name);
        else present.set(name, node);
        known.affiliates(); // whatever is kept of it must not be kept too long
      });
      const listed = new KnownNodes(idOf("me"), "own");
      listed.replace([...present.values()]);
      expect(known.affiliates()).toEqual(listed.affiliates());
      expect(known.refused()).toEqual(listed.refused());
    }),
  );
});
