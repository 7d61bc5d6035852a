import { describe, expect, test } from "vitest";
import { openEnvelope } from "../../../src/discovery/envelope.ts";
import { dueUpdates, type Publication, sealAnnouncement } from "../../../src/discovery/publication.ts";
import type { Announcement } from "../../../src/discovery/registry.ts";
import type { Endpoint } from "../../../src/net/index.ts";
import { affiliateNamed, endpoint, idOf, key, nameOf, prefix, sample } from "./samples.ts";

/** Each nonce is another one. */
function counting(): (size: number) => Uint8Array {
  let count = 0;
  return (size) => new Uint8Array(size).fill(++count);
}
const random = counting();
const announcement = (own = sample, observed: Record<string, readonly Endpoint[]> = {}): Announcement => ({
  own,
  observed: new Map(
    Object.entries(observed).map(([name, endpoints]) => [name === "a b" ? name : idOf(name), endpoints]),
  ),
});
const sealed = (said: Announcement, before?: Publication): Publication =>
  sealAnnouncement(key, said, before, random);
const nonce = (publication: Publication): Buffer =>
  Buffer.from(publication.updates[0]?.data ?? []).subarray(0, 12);

describe("sealing an announcement", () => {
  test("gives the own affiliate first, then endpoints without data", () => {
    const { updates } = sealed(announcement(sample, { other: [endpoint("192.0.2.7:7")] }));
    expect(updates.map(({ affiliateId }) => nameOf(affiliateId))).toEqual(["node1", "other"]);
    expect(updates[1]).toMatchObject({ endpoints: [expect.any(Uint8Array)] });
    expect(updates[1]?.data).toBeUndefined();
    const [own] = updates;
    if (!own?.data) throw new Error("there is no own update");
    expect(openEnvelope(key, { id: idOf("node-1"), data: own.data, endpoints: own.endpoints })).toEqual({
      affiliate: sample,
      dropped: [],
    });
  });

  test("keeps the bytes of what did not change, and takes a new nonce for what did", () => {
    const first = sealed(announcement(sample, { other: [endpoint("192.0.2.7:7")] }));
    const second = sealed(announcement({ ...sample }, { other: [endpoint("192.0.2.8:8")] }), first);
    expect(second.updates[0]).toBe(first.updates[0]);
    expect(second.updates[1]).not.toBe(first.updates[1]);
    const third = sealed(announcement({ ...sample, hostname: "two" }), second);
    expect(nonce(third).equals(nonce(second))).toBe(false);
  });

  test("never adds observed endpoints to itself, to nonsense, or none at all", () => {
    const one = [endpoint("192.0.2.7:7")];
    expect(sealed(announcement(sample, { "node-1": one, "a b": one, empty: [] })).updates).toHaveLength(1);
  });

  test("says what the other nodes refuse of it, since they cannot", () => {
    const { updates, leftOut } = sealed(announcement({ ...sample, hostname: "h\u200bst" }));
    expect(updates).toHaveLength(1);
    expect(leftOut).toEqual(["the other nodes refuse this node: its hostname holds unprintable characters"]);
    const odd = { ...sample, machineType: "odd" as never };
    expect(sealed(announcement(odd)).leftOut).toEqual([
      'the other nodes leave out of what this node announces: machine type "odd": not known',
    ]);
    expect(sealed(announcement(sample)).leftOut).toEqual([]);
  });

  test("sends no more than a service takes, and says what it leaves out", () => {
    const many = Array.from({ length: 70 }, (_, index) => `192.0.2.1:${1000 + index}`);
    const publication = sealed(announcement(affiliateNamed("node-1", ...many)));
    expect(publication.updates[0]?.endpoints).toHaveLength(64);
    expect(publication.leftOut).toEqual([`6 endpoints of ${idOf("node-1")}: over 64`]);
    expect(sealed(announcement(affiliateNamed("node-1", ...many)), publication).leftOut).toHaveLength(1);
  });

  test("does not announce a node whose description is too long", () => {
    const additionalAddresses = Array.from({ length: 250 }, (_, index) => prefix(`10.${index}.0.0/16`));
    const kubespan = sample.kubespan && { ...sample.kubespan, additionalAddresses };
    const { updates, leftOut } = sealed(announcement({ ...sample, ...(kubespan && { kubespan }) }));
    expect(updates).toEqual([]);
    expect(leftOut).toEqual([expect.stringMatching(/not announced.*fewer or wider/)]);
  });
});

describe("what is due", () => {
  const publication = sealed(announcement(sample, { other: [endpoint("192.0.2.7:7")] }));
  const [own, other] = publication.updates;
  if (!own || !other) throw new Error("there are no updates");

  test.each([
    ["all of it at first", [], 0, ["node1", "other"], 900],
    ["what was not sent yet", [[own, 0]] as const, 10, ["other"], 890],
    [
      "nothing before the refresh",
      [
        [own, 0],
        [other, 100],
      ] as const,
      899,
      [],
      1,
    ],
    [
      "what is as old as the refresh",
      [
        [own, 0],
        [other, 100],
      ] as const,
      900,
      ["node1"],
      100,
    ],
  ] as const)("%s", (_, sent, now, due, nextInMs) => {
    const result = dueUpdates(publication, new Map(sent), now, 900);
    expect(result.due.map(({ affiliateId }) => nameOf(affiliateId))).toEqual(due);
    expect(result.nextInMs).toBe(nextInMs);
  });

  test("is all of it again when it changed", () => {
    const changed = sealed(announcement({ ...sample, hostname: "two" }), publication);
    const { due } = dueUpdates(
      changed,
      new Map([
        [own, 0],
        [other, 0],
      ]),
      1,
      900,
    );
    expect(due).toEqual([changed.updates[0]]);
  });
});
