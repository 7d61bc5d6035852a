import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Secret } from "../../../src/base/secret.ts";
import { isPublicKey, publicKeyFrom } from "../../../src/discovery/public-key.ts";
import { carriedBy } from "../../../src/eviction/carriers.ts";
import { type Eviction, longestStatement, readStatement } from "../../../src/eviction/eviction.ts";
import {
  openStatement,
  operatorKeyOf,
  operatorKeyText,
  parseOperatorKey,
  signEviction,
} from "../../../src/eviction/operator-key.ts";
import {
  entered,
  evictionsInForce,
  evictionsOf,
  isEvicted,
  mostEvictions,
  nextEvictionNumber,
  type Proven,
  type Roll,
} from "../../../src/eviction/roll.ts";
import { largestRoll, parseRoll, rollText } from "../../../src/eviction/roll-text.ts";
import { privateKeyFrom, publicKeyOf } from "../../../src/identity/key.ts";

const operator = new Secret(Buffer.alloc(32, 5));
const clusterId = "a cluster";
const operators = { clusterId, keys: [operatorKeyOf(operator)] };
const empty: Roll = new Map();

const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".split("");
const nodeIds = fc.string({ unit: fc.constantFrom(...digits), minLength: 43, maxLength: 52 });
const privateKeys = fc.uint8Array({ minLength: 32, maxLength: 32 });
const publicKeys = privateKeys.map((bytes) => publicKeyOf(privateKeyFrom(bytes)));
const numbers = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const evictions: fc.Arbitrary<Eviction> = fc
  .tuple(fc.option(nodeIds), fc.option(publicKeys), numbers, fc.boolean())
  .filter(([nodeId, publicKey]) => nodeId !== null || publicKey !== null)
  .map(([nodeId, publicKey, number, isLifted]) => ({
    ...(nodeId !== null && { nodeId }),
    ...(publicKey !== null && { publicKey }),
    number,
    isLifted,
  }));

const signed = (eviction: Eviction): Proven => ({
  eviction,
  statement: signEviction(operator, clusterId, eviction),
});
const someId = (at: number): string => `${"n".repeat(40)}${String(at).padStart(3, "0")}`;
const enteredAll = (all: readonly Proven[]): Roll => all.reduce(entered, empty);

describe("a statement", () => {
  test("says what was signed, and is never longer than others read", () => {
    fc.assert(
      fc.property(evictions, (eviction) => {
        const { statement } = signed(eviction);
        expect(statement.length).toBeLessThanOrEqual(longestStatement);
        expect(openStatement(statement, operators)).toEqual(eviction);
      }),
    );
  });

  test("counts for nothing once a single bit of it is another", () => {
    fc.assert(
      fc.property(evictions, fc.nat(), (eviction, at) => {
        const bytes = Buffer.from(signed(eviction).statement, "base64");
        const bit = at % (bytes.length * 8);
        bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect(openStatement(bytes.toString("base64"), operators)).toBeUndefined();
      }),
    );
  });

  test("counts for no other cluster, and not by another key, however the rest is", () => {
    const eviction: Eviction = { nodeId: someId(1), number: 7, isLifted: false };
    const { statement } = signed(eviction);
    expect(openStatement(statement, { ...operators, clusterId: "another" })).toBeUndefined();
    expect(openStatement(statement, { ...operators, keys: [] })).toBeUndefined();
    const member = new Secret(randomBytes(32));
    expect(openStatement(signEviction(member, clusterId, eviction), operators)).toBeUndefined();
  });

  test("is refused in any other spelling, and any bytes are survived", () => {
    const { statement } = signed({ nodeId: someId(1), number: 7, isLifted: false });
    for (const other of [`${statement} `, statement.replaceAll("+", "-"), `${statement}AAAA`, "", "="])
      expect(other === statement || readStatement(other) === undefined).toBe(true);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const text = Buffer.from(bytes).toString("base64");
        expect(openStatement(text, operators)).toBeUndefined();
      }),
    );
  });

  test("about no node, a made-up id, or a key that nobody has is none", () => {
    for (const about of [{}, { nodeId: "short" }, { publicKey: Buffer.alloc(32).toString("base64") }])
      expect(
        openStatement(signed({ ...about, number: 1, isLifted: false }).statement, operators),
      ).toBeUndefined();
  });
});

describe("the roll", () => {
  const few = fc.array(
    fc
      .record({ at: fc.nat(3), number: fc.nat(5), isLifted: fc.boolean() })
      .map(({ at, number, isLifted }) => signed({ nodeId: someId(at), number, isLifted })),
    { maxLength: 12 },
  );

  test("is the same in whatever order and however often statements arrive", () => {
    fc.assert(
      fc.property(few, fc.infiniteStream(fc.nat()), (all, random) => {
        const places = new Map(all.map((each) => [each, random.next().value ?? 0]));
        const other = [...all, ...all].toSorted((a, b) => (places.get(a) ?? 0) - (places.get(b) ?? 0));
        expect(new Set(evictionsInForce(enteredAll(other)))).toEqual(
          new Set(evictionsInForce(enteredAll(all))),
        );
      }),
      { numRuns: 50 },
    );
  });

  test("is not rolled back by a statement of before, and changes with a later one", () => {
    const [first, lifted, again] = [1, 2, 3].map((number) =>
      signed({ nodeId: someId(1), number, isLifted: number === 2 }),
    ) as [Proven, Proven, Proven];
    const after = enteredAll([first, lifted]);
    expect(isEvicted(after, someId(1), undefined)).toBe(false);
    expect(entered(after, first)).toBe(after);
    expect(isEvicted(entered(after, again), someId(1), undefined)).toBe(true);
  });

  test("holds so many and no more, and still takes what is new about those that it has", () => {
    const full = enteredAll(
      Array.from({ length: mostEvictions + 5 }, (_, at) =>
        signed({ nodeId: someId(at), number: 1, isLifted: false }),
      ),
    );
    expect(full.size).toBe(mostEvictions);
    const lifted = entered(full, signed({ nodeId: someId(0), number: 2, isLifted: true }));
    expect(isEvicted(lifted, someId(0), undefined)).toBe(false);
    expect(rollText(full).length).toBeLessThan(largestRoll);
    expect(parseRoll(rollText(full), operators)?.size).toBe(mostEvictions);
  });

  test("is read back from disk as it was, without what no operator of now signed", () => {
    fc.assert(
      fc.property(fc.array(evictions.map(signed), { maxLength: 6 }), (all) => {
        const roll = enteredAll(all);
        expect(parseRoll(rollText(roll), operators)).toEqual(roll);
        expect(parseRoll(rollText(roll), { ...operators, keys: [] })).toEqual(empty);
      }),
      { numRuns: 30 },
    );
    expect(parseRoll("{}", operators)).toBeUndefined();
  });

  test("blocks id and key, each by itself; both are lifted together", () => {
    const [one, other] = ["aa", "bb"].map((text) => publicKeyOf(privateKeyFrom(Buffer.alloc(32, text)))) as [
      string,
      string,
    ];
    const both: Eviction = { nodeId: someId(1), publicKey: one, number: 1, isLifted: false };
    const roll = enteredAll([signed(both)]);
    expect(isEvicted(roll, someId(1), other)).toBe(true);
    expect(isEvicted(roll, someId(2), one)).toBe(true);
    expect(isEvicted(roll, someId(2), other)).toBe(false);
    expect(evictionsOf(evictionsInForce(roll), { publicKey: one })).toEqual([both]);
    expect(evictionsOf(evictionsInForce(roll), { nodeId: someId(2) })).toEqual([]);
  });

  test("gives the next statement a higher number than any before, also where the clock is behind", () => {
    expect(nextEvictionNumber([], 50)).toBe(50);
    expect(nextEvictionNumber([70, 60], 50)).toBe(71);
  });
});

test("a key has one form, however it is spelt and whatever bytes stand for its point", () => {
  fc.assert(
    fc.property(publicKeys, (key) => {
      const bytes = Buffer.from(key, "base64");
      const withHighBit = Buffer.from(bytes);
      withHighBit[31] = (withHighBit[31] ?? 0) | 0x80;
      const spellings = [
        key,
        key.replace("=", ""),
        bytes.toString("base64url"),
        `${bytes.toString("base64url")}=`,
        bytes.toString("hex"),
        bytes.toString("hex").toUpperCase(),
        withHighBit.toString("base64"),
        withHighBit.toString("base64url"),
      ];
      for (const spelling of spellings) expect(publicKeyFrom(spelling)).toBe(key);
      expect(isPublicKey(key)).toBe(true);
    }),
  );
  const nine = Buffer.alloc(32);
  nine[0] = 9;
  const unreduced = Buffer.alloc(32, 0xff);
  unreduced[0] = 0xed + 9;
  unreduced[31] = 0x7f;
  expect(publicKeyFrom(unreduced.toString("base64"))).toBe(nine.toString("base64"));
  for (const none of ["", "laptop", "A".repeat(43), "z".repeat(64)])
    expect(publicKeyFrom(none)).toBeUndefined();
});

test("the file of an operator's key holds nothing else, and no other file is taken for one", () => {
  const text = operatorKeyText(operator);
  expect(parseOperatorKey(text)?.equals(operator)).toBe(true);
  expect(parseOperatorKey(operator.revealBase64())).toBeUndefined();
  expect(parseOperatorKey("")).toBeUndefined();
});

test("a few members carry a statement, others in each case, and all of a small mesh do", () => {
  const roll = enteredAll([signed({ nodeId: someId(999), number: 1, isLifted: false })]);
  const ids = Array.from({ length: 100 }, (_, at) => someId(at));
  const carriers = ids.filter(
    (own) =>
      carriedBy(
        roll,
        own,
        ids.filter((id) => id !== own),
      ).length > 0,
  );
  expect(carriers).toHaveLength(8);
  const small = ids.slice(0, 8);
  for (const own of small)
    expect(
      carriedBy(
        roll,
        own,
        small.filter((id) => id !== own),
      ),
    ).toHaveLength(1);
  const next = enteredAll([signed({ nodeId: someId(998), number: 1, isLifted: false })]);
  expect(
    ids.filter(
      (own) =>
        carriedBy(
          next,
          own,
          ids.filter((id) => id !== own),
        ).length > 0,
    ),
  ).not.toEqual(carriers);
});
