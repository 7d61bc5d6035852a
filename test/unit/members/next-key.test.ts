import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Affiliate } from "../../../src/discovery/affiliate.ts";
import type { Heard } from "../../../src/discovery/heard.ts";
import type { IsEvicted } from "../../../src/members/evicted.ts";
import type { Members } from "../../../src/members/member.ts";
import {
  awaitedKeys,
  heedKey,
  type NextKeys,
  withHandshakes,
  withTakenKeys,
} from "../../../src/members/next-key.ts";
import type { KeyNotice } from "../../../src/members/notice.ts";
import { stepMembers } from "../../../src/members/step.ts";
import { affiliate, key } from "../mesh/values.ts";
import { memberOf, membersOf } from "./member.ts";

const now = 1_700_000_000_000;
const own = key(0);

/** Node 2 with that key, in its announcement of that number. */
const announced = (publicKey: string, number: number): Affiliate => ({
  ...affiliate(2, { publicKey }),
  membership: { number, startedAt: 1, machine: "", otherNetworks: [] },
});
const two = memberOf(announced(key(2), 7), now, { connectedAt: now });
const three = memberOf(affiliate(3), now);
const members = membersOf(two, three);
const notice = (change: Partial<KeyNotice> = {}): KeyNotice => ({
  kind: "key",
  nodeId: two.nodeId,
  number: 7,
  publicKey: key(22),
  ...change,
});
const nobody: IsEvicted = () => false;

const heed = (all: NextKeys, said: KeyNotice, at = now, isEvicted = nobody): NextKeys | string =>
  heedKey(all, said, { member: members.get(said.nodeId) ?? two, members, own, isEvicted }, at);
const heeded = (all: NextKeys, said: KeyNotice, at = now): NextKeys => {
  const result = heed(all, said, at);
  return typeof result === "string" ? expect.fail(result) : result;
};
const handshake = (...keys: readonly string[]) =>
  new Map(keys.map((each) => [each, { handshakeAt: now, receivedBytes: 0, isSilent: false }]));

const keyOf = (all: Members): string | undefined => all.get(two.nodeId)?.claim.kubespan?.publicKey;

describe("a key that a member tells of", () => {
  const pending = heeded(new Map(), notice());

  test("is held beside the present one for a minute", () => {
    expect(awaitedKeys(pending, nobody, now)).toEqual([key(22)]);
    expect(awaitedKeys(pending, nobody, now + 59_999)).toEqual([key(22)]);
    expect(awaitedKeys(pending, nobody, now + 60_000)).toEqual([]);
    expect(awaitedKeys(pending, nobody, now - 1)).toEqual([]);
    expect(awaitedKeys(pending, (nodeId) => nodeId === two.nodeId, now)).toEqual([]);
  });

  test("may be told again, also after its minute", () => {
    expect(heeded(pending, notice(), now + 10)).toBe(pending);
    expect(awaitedKeys(heeded(pending, notice(), now + 70_000), nobody, now + 70_000)).toEqual([key(22)]);
  });

  test.each([
    ["of another node", notice({ nodeId: "id009" }), /another node/],
    ["that is older than an announcement", notice({ number: 6 }), /older/],
    ["that is no key", notice({ publicKey: "A".repeat(43).concat("=") }), /no key/],
    ["in another spelling", notice({ publicKey: Buffer.alloc(32, 255).toString("base64") }), /no key/],
    ["that is this node's", notice({ publicKey: own }), /another node's/],
    ["that another member has", notice({ publicKey: key(3) }), /another node's/],
  ])("is refused if it is one %s", (_, said, reason) => {
    expect(heed(new Map(), said)).toMatch(reason);
  });

  test("is refused if an operator evicted it", () => {
    expect(heed(new Map(), notice(), now, (_, publicKey) => publicKey === key(22))).toMatch(/evicted/);
  });

  test("is refused while another one of the same member, or the same of another member, is awaited", () => {
    expect(heed(pending, notice({ publicKey: key(23) }), now + 59_999)).toMatch(/a moment ago/);
    const later = now + 60_000;
    expect(awaitedKeys(heeded(pending, notice({ publicKey: key(23) }), later), nobody, later)).toEqual([
      key(23),
    ]);
    expect(heed(pending, notice({ nodeId: three.nodeId, number: 0 }))).toMatch(/another node's/);
  });

  test("is refused when 64 are awaited, so that a device holds no more for hostile members", () => {
    const many = Array.from({ length: 70 }, (_, at) => memberOf(affiliate(100 + at), now));
    const all = membersOf(...many);
    let known: NextKeys = new Map();
    const refused = many.filter((member, at) => {
      const said = notice({ nodeId: member.nodeId, number: 0, publicKey: key(10 + at) });
      const result = heedKey(known, said, { member, members: all, own, isEvicted: nobody }, now);
      if (typeof result !== "string") known = result;
      return typeof result === "string";
    });
    expect(refused).toHaveLength(6);
    expect(awaitedKeys(known, nobody, now)).toHaveLength(64);
  });
});

describe("a member that took its key", () => {
  const pending = heeded(new Map(), notice());
  const taken = withHandshakes(pending, handshake(key(22)), now);

  /** The members after a step in which the registries say this. */
  const after = (before: Members, sealed: Affiliate, keys: NextKeys): Members => {
    const heard: Heard[] = [{ nodeId: two.nodeId, sealed }];
    const renamed = withTakenKeys(before, heard, keys);
    const news = {
      revision: 2,
      heard: renamed.heard,
      links: handshake(key(22)),
      leaving: new Map(),
      deletedNodes: new Set<string>(),
      mayBeAbsent: true,
      forgetAfterMs: 1e9,
    };
    return stepMembers(renamed.members, news, now).members;
  };

  test("is one whose key made a handshake, and no other", () => {
    expect(withHandshakes(pending, handshake(key(2)), now)).toBe(pending);
    expect(taken).not.toBe(pending);
    expect(awaitedKeys(taken, nobody, now)).toEqual([]);
    expect(keyOf(after(members, announced(key(2), 7), pending))).toBe(key(2));
  });

  test("has it while the registries still tell of the key before, and keeps what it claimed, for as long", () => {
    const then = after(members, announced(key(2), 7), taken);
    expect(keyOf(then)).toBe(key(22));
    expect(then.get(two.nodeId)).toMatchObject({ standing: "present", claimedSince: two.claimedSince });
    expect(keyOf(after(then, announced(key(2), 7), taken))).toBe(key(22));
    expect(keyOf(after(then, announced(key(22), 8), taken))).toBe(key(22));
  });

  test("may go back to the key before by a later announcement, as after a restored backup", () => {
    const then = after(members, announced(key(22), 8), taken);
    expect(keyOf(after(then, announced(key(2), 9), taken))).toBe(key(2));
  });

  test("has it also where only Kubernetes tells of it", () => {
    const { sealed: _none, ...plain } = two;
    const known = { ...plain, unsealed: affiliate(2) };
    const renamed = withTakenKeys(membersOf(known), [], taken);
    expect(renamed.members.get(two.nodeId)?.unsealed?.kubespan?.publicKey).toBe(key(22));
  });

  test("leaves all others as they were", () => {
    const renamed = withTakenKeys(members, [{ nodeId: three.nodeId, sealed: affiliate(3) }], taken);
    expect(renamed.members.get(three.nodeId)).toBe(three);
    expect(renamed.heard).toEqual([{ nodeId: three.nodeId, sealed: affiliate(3) }]);
  });
});

test("whatever is told in whatever order, no key is awaited twice, of a member, or of this node", () => {
  const told = fc.record({
    who: fc.constantFrom(two, three),
    number: fc.nat(9),
    publicKey: fc.integer({ min: 0, max: 6 }).map(key),
    afterMs: fc.nat(40_000),
    isUsed: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(told, { maxLength: 30 }), (all) => {
      let [known, at]: [NextKeys, number] = [new Map(), now];
      for (const { who, number, publicKey, afterMs, isUsed } of all) {
        at += afterMs;
        const said = notice({ nodeId: who.nodeId, number, publicKey });
        const result = heedKey(known, said, { member: who, members, own, isEvicted: nobody }, at);
        if (typeof result !== "string") known = result;
        if (isUsed) known = withHandshakes(known, handshake(publicKey), at);
        const awaited = awaitedKeys(known, nobody, at);
        expect(new Set(awaited).size).toBe(awaited.length);
        for (const present of [own, key(2), key(3)]) expect(awaited).not.toContain(present);
      }
    }),
  );
});
