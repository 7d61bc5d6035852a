import { describe, expect, test } from "vitest";
import {
  confirmedBy,
  finishedAt,
  isOver,
  missing,
  nextStage,
  type Receiver,
  type Rollout,
  receiversDue,
  type Seen,
} from "../../../src/secret-change/rollout.ts";
import { parseRollout, rolloutText } from "../../../src/secret-change/rollout-text.ts";

const until = 1_700_000_000_000;
const receiver = (name: string, has?: Receiver["has"]): Receiver => ({
  nodeId: name,
  publicKey: `${name.repeat(42)}A=`.slice(-44),
  label: name,
  ...(has && { has }),
});
const rollout = (...receivers: readonly Receiver[]): Rollout => ({
  number: 1,
  until,
  statements: ["AAAA", "AAAA", "AAAA"],
  receivers,
});
const up: Seen = { isConnected: true, number: 5, shows: { knows: true, seals: true } };
const away: Seen = { ...up, isConnected: false, shows: { knows: false, seals: false } };
const behind: Seen = { ...up, shows: { knows: false, seals: false } };
const see =
  (seen: Readonly<Record<string, Seen>> = {}) =>
  ({ nodeId }: Receiver) =>
    seen[nodeId];
const early = { now: until - 1, sinceMs: 0 };

describe("a stage", () => {
  test.each<[string, readonly Receiver[], Record<string, Seen>, "accept" | "seal"]>([
    ["who is connected and did not confirm", [receiver("a")], { a: up }, "accept"],
    ["an announcement of who did", [receiver("a", "accept")], { a: behind }, "accept"],
    ["nobody else", [receiver("a", "accept"), receiver("b"), receiver("c")], { a: up, b: away }, "seal"],
  ])("of accepting waits for %s", (_, receivers, seen, expected) => {
    expect(nextStage(rollout(...receivers), "accept", see(seen), early)).toBe(expected);
  });

  test("of accepting waits a while and not longer, as members can be told afterwards, too", () => {
    const silent = rollout(receiver("a"));
    expect(nextStage(silent, "accept", see({ a: up }), { ...early, sinceMs: 9_999 })).toBe("accept");
    expect(nextStage(silent, "accept", see({ a: up }), { ...early, sinceMs: 10_000 })).toBe("seal");
  });

  test.each<[string, readonly Receiver[], Record<string, Seen>, "seal" | "finish"]>([
    ["who is not connected", [receiver("a", "seal"), receiver("b")], { a: up, b: away }, "seal"],
    ["who accepts, and does not seal yet", [receiver("a", "accept")], { a: up }, "seal"],
    ["an announcement that is sealed with it", [receiver("a", "seal")], { a: behind }, "seal"],
    ["nobody who is gone or evicted", [receiver("a", "seal"), receiver("b")], { a: up }, "finish"],
    [
      "no announcement where there are none",
      [receiver("a", "seal")],
      { a: { isConnected: true, number: 0 } },
      "finish",
    ],
  ])("of sealing waits for %s", (_, receivers, seen, expected) => {
    expect(nextStage(rollout(...receivers), "seal", see(seen), { ...early, sinceMs: 1e9 })).toBe(expected);
  });

  test("of sealing ends when the operator's time is over, and the last one does not end", () => {
    const one = rollout(receiver("a"));
    expect(nextStage(one, "seal", see({ a: away }), { now: until, sinceMs: 0 })).toBe("finish");
    expect(nextStage(one, "finish", see({ a: away }), { now: until, sinceMs: 1e9 })).toBe("finish");
  });

  test("is told to those who are connected and have not confirmed it", () => {
    const all = rollout(receiver("a"), receiver("b", "accept"), receiver("c", "seal"), receiver("d"));
    const due = receiversDue(all, "seal", see({ a: up, b: up, c: up, d: away }));
    expect(due.map(({ label }) => label)).toEqual(["a", "b"]);
    const after = confirmedBy(all, "seal", new Set(due.map(({ publicKey }) => publicKey)));
    expect(receiversDue(after, "seal", see({ a: up, b: up, c: up, d: away }))).toEqual([]);
    expect(confirmedBy(all, "seal", new Set())).toBe(all);
  });
});

describe("who misses the secret", () => {
  const seen = see({ a: up, b: away });
  const finished = finishedAt(rollout(receiver("a", "seal"), receiver("b"), receiver("c")), seen);

  test("is there and confirmed nothing", () => {
    expect(missing(finished, seen).map(({ label }) => label)).toEqual(["b"]);
  });

  test("is back with a later announcement, as only those with the new secret are opened then", () => {
    expect(missing(finished, see({ a: up, b: { ...up, number: 6 } }))).toEqual([]);
  });

  test("keeps the change from being over, as does who has not forgotten the old secret", () => {
    expect(isOver(finished, "finish", seen)).toBe(false);
    const back = see({ a: up, b: { ...up, number: 6 } });
    expect(isOver(finished, "finish", back)).toBe(false);
    const done = confirmedBy(finished, "finish", new Set([receiver("a").publicKey]));
    expect(isOver(done, "finish", back)).toBe(true);
    expect(isOver(done, "seal", back)).toBe(false);
  });
});

describe("the file of a rollout", () => {
  const kept: Rollout = {
    ...rollout({ ...receiver("a", "accept"), publicKey: Buffer.alloc(32, 7).toString("base64"), number: 3 }),
  };

  test("gives it back as it was", () => {
    expect(parseRollout(rolloutText(kept))).toEqual(kept);
  });

  test.each(["", "{}", rolloutText(kept).slice(0, -4), rolloutText({ ...kept, statements: [] })])(
    "is damaged as %j",
    (text) => {
      expect(parseRollout(text)).toBeUndefined();
    },
  );
});
