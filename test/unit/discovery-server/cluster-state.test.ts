import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ClusterState } from "../../../src/discovery-server/cluster-state.ts";
import { Clusters } from "../../../src/discovery-server/clusters.ts";
import type { AffiliateUpdate } from "../../../src/discovery-server/requests.ts";

const room = 1e9;
const data = (text: string): Buffer => Buffer.from(text);
const endpoints = (...texts: string[]): Buffer[] => texts.map((text) => Buffer.from(text));
const update = (affiliateId: string, parts: Partial<AffiliateUpdate> = {}): AffiliateUpdate => ({
  affiliateId,
  endpoints: [],
  ttlMs: 1000,
  ...parts,
});
const shown = (state: ClusterState): Record<string, [string, string[]]> =>
  Object.fromEntries(
    state
      .snapshot()
      .map((one) => [
        one.id,
        [Buffer.from(one.data).toString(), one.endpoints.map((bytes) => Buffer.from(bytes).toString())],
      ]),
  );

describe("an update", () => {
  test("stores data, merges endpoints and tells it", () => {
    const state = new ClusterState();
    expect(state.update(update("a", { data: data("A"), endpoints: endpoints("1") }), 0, room)).toEqual({
      kind: "updated",
      affiliate: { id: "a", data: data("A"), endpoints: endpoints("1") },
    });
    state.update(update("a", { data: data("B"), endpoints: endpoints("2", "2") }), 0, room);
    expect(shown(state)).toEqual({ a: ["B", ["1", "2"]] });
  });

  test("without data only merges endpoints, also of an affiliate that is not there yet", () => {
    const state = new ClusterState();
    state.update(update("a", { data: data("A") }), 0, room);
    expect(state.update(update("a", { endpoints: endpoints("1") }), 0, room)).toMatchObject({
      affiliate: { data: data("A"), endpoints: endpoints("1") },
    });
    state.update(update("b", { endpoints: endpoints("2") }), 0, room);
    expect(shown(state)).toEqual({ a: ["A", ["1"]], b: ["", ["2"]] });
  });

  test("that says what is known tells nobody", () => {
    const state = new ClusterState();
    const same = update("a", { data: data("A"), endpoints: endpoints("1") });
    state.update(same, 0, room);
    expect(state.update(same, 500, room)).toBeUndefined();
    expect(state.update(update("a", { endpoints: endpoints("1") }), 600, room)).toBeUndefined();
  });

  test("over a bound is refused as a whole", () => {
    const state = new ClusterState();
    const many = Array.from({ length: 64 }, (_, index) => `e${index}`);
    state.update(update("a", { data: data("A"), endpoints: endpoints(...many) }), 0, room);
    const oneMore = update("a", { data: data("B"), endpoints: endpoints("new") });
    expect(state.update(oneMore, 0, room)).toMatchObject({ refused: "RESOURCE_EXHAUSTED" });
    expect(shown(state)["a"]?.[0]).toBe("A");
    for (let index = 1; index < 1024; index++) state.update(update(`n${index}`), 0, room);
    expect(state.update(update("too-many"), 0, room)).toMatchObject({ refused: "RESOURCE_EXHAUSTED" });
    expect(state.update(update("n5", { data: data("N") }), 0, room)).toMatchObject({ kind: "updated" });
  });

  test("that needs more memory than there is is refused, but not a renewal", () => {
    const state = new ClusterState();
    const known = update("a", { data: data("A") });
    state.update(known, 0, room);
    expect(state.update(known, 1, 0)).toBeUndefined();
    expect(state.update(update("b"), 1, 100)).toMatchObject({ refused: "RESOURCE_EXHAUSTED" });
    expect(shown(state)).toEqual({ a: ["A", []] });
  });
});

describe("time", () => {
  test("takes endpoints one by one, and then the affiliate", () => {
    const state = new ClusterState();
    state.update(update("a", { data: data("A"), endpoints: endpoints("1"), ttlMs: 100 }), 0, room);
    state.update(update("a", { endpoints: endpoints("2"), ttlMs: 300 }), 0, room);
    expect(state.nextExpiry).toBe(100);
    expect(state.expire(99)).toEqual([]);
    expect(state.expire(100)).toMatchObject([{ kind: "updated", affiliate: { endpoints: endpoints("2") } }]);
    expect(state.nextExpiry).toBe(300);
    expect(state.expire(300)).toEqual([{ kind: "deleted", id: "a" }]);
    expect(state.nextExpiry).toBe(Number.POSITIVE_INFINITY);
    expect(state.size === 0 && state.bytes === 0).toBe(true);
  });

  test("starts again when a known endpoint is sent again, and is never shortened", () => {
    const state = new ClusterState();
    state.update(update("a", { endpoints: endpoints("1"), ttlMs: 1000 }), 0, room);
    state.update(update("a", { endpoints: endpoints("1"), ttlMs: 10 }), 0, room);
    expect(state.expire(500)).toEqual([]);
    state.update(update("a", { endpoints: endpoints("1"), ttlMs: 1000 }), 900, room);
    expect(state.expire(1500)).toEqual([]);
    expect(state.expire(1900)).toEqual([{ kind: "deleted", id: "a" }]);
  });
});

test("what left is told once", () => {
  const state = new ClusterState();
  state.update(update("a"), 0, room);
  expect(state.delete("a")).toEqual({ kind: "deleted", id: "a" });
  expect(state.delete("a")).toBeUndefined();
  expect(state.bytes).toBe(0);
});

describe("whatever happens in whatever order", () => {
  const id = fc.constantFrom("a", "b", "c");
  const bytes = fc.constantFrom("1", "22", "333").map((text) => Buffer.from(text));
  const step = fc.oneof(
    fc.record({
      kind: fc.constant("update" as const),
      update: fc
        .record(
          {
            affiliateId: id,
            endpoints: fc.array(bytes),
            ttlMs: fc.integer({ min: 1, max: 50 }),
            data: bytes,
          },
          { requiredKeys: ["affiliateId", "endpoints", "ttlMs"] },
        )
        .map((value): AffiliateUpdate => value),
    }),
    fc.record({ kind: fc.constant("delete" as const), id }),
    fc.record({ kind: fc.constant("pass" as const), ms: fc.nat(40) }),
  );

  test("a watcher that follows the changes knows what the snapshot says", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const clusters = new Clusters({ clusters: 1, bytes: room });
        const seen = new Map<string, object>();
        let now = 0;
        for (const one of steps) {
          if (one.kind === "pass") now += one.ms;
          const expired = clusters.expire(now).map(({ change }) => change);
          const outcome =
            one.kind === "update"
              ? clusters.update("x", one.update, now)
              : one.kind === "delete"
                ? clusters.delete("x", one.id)
                : undefined;
          for (const change of [...expired, ...(outcome ? [outcome] : [])]) {
            if ("refused" in change) throw new Error(change.reason);
            if (change.kind === "deleted") seen.delete(change.id);
            else seen.set(change.affiliate.id, change.affiliate);
          }
          expect(new Map(clusters.snapshot("x").map((affiliate) => [affiliate.id, affiliate]))).toEqual(seen);
          expect(clusters.nextExpiry).toBeGreaterThan(now);
        }
        clusters.expire(now + 1000);
        expect(clusters.snapshot("x")).toEqual([]);
        expect(clusters.nextExpiry).toBe(Number.POSITIVE_INFINITY);
      }),
    );
  });
});

describe("the clusters of one service", () => {
  test("do not see each other", () => {
    const clusters = new Clusters({ clusters: 10, bytes: room });
    clusters.update("x", update("a"), 0);
    expect(clusters.snapshot("y")).toEqual([]);
    expect(clusters.delete("y", "a")).toBeUndefined();
    expect(clusters.snapshot("x")).toHaveLength(1);
  });

  test("are bounded in number and in memory, and make room again", () => {
    const clusters = new Clusters({ clusters: 2, bytes: 4000 });
    clusters.update("x", update("a"), 0);
    clusters.update("y", update("a"), 0);
    expect(clusters.update("z", update("a"), 0)).toMatchObject({ refused: "RESOURCE_EXHAUSTED" });
    clusters.delete("y", "a");
    expect(clusters.update("z", update("a"), 0)).toMatchObject({ kind: "updated" });
    const large = { data: Buffer.alloc(2000) };
    expect(clusters.update("z", update("b", large), 0)).toMatchObject({ kind: "updated" });
    expect(clusters.update("x", update("b", large), 0)).toMatchObject({ refused: "RESOURCE_EXHAUSTED" });
    clusters.expire(1000);
    expect(clusters.update("x", update("b", large), 2000)).toMatchObject({ kind: "updated" });
  });
});
