import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeAffiliate } from "../../../src/discovery/encode.ts";
import { privateKeyFrom, publicKeyOf } from "../../../src/identity/key.ts";
import { codeBytes } from "../../../src/members/code.ts";
import { farewellOf, farewellsIn, heedNotice } from "../../../src/members/farewell.ts";
import {
  datagramText,
  type EndNotice,
  isProven,
  type KeyNotice,
  largestDatagram,
  type ObservedNotice,
  proofOf,
  readDatagram,
  receiptOf,
  recipientOf,
} from "../../../src/members/notice.ts";
import type { Endpoint } from "../../../src/net/index.ts";
import { affiliate } from "../mesh/values.ts";
import { memberOf, membersOf } from "./member.ts";

function newKeys() {
  const privateKey = privateKeyFrom(randomBytes(32));
  return { privateKey, publicKey: publicKeyOf(privateKey) };
}
const [sender, receiver, third] = [newKeys(), newKeys(), newKeys()];
const notice: EndNotice = { kind: "farewell", nodeId: "id002", number: 7 };
const observed: ObservedNotice = {
  kind: "observed",
  nodeId: "id002",
  number: 7,
  endpoint: "203.0.113.1:41821" as Endpoint,
  seconds: 9,
};
const nextKey: KeyNotice = { kind: "key", nodeId: "id002", number: 7, publicKey: third.publicKey };
const to = (own: ReturnType<typeof newKeys>, peer: ReturnType<typeof newKeys>) => ({
  ...own,
  peer: peer.publicKey,
});
const proof = proofOf(notice, to(sender, receiver), "own") ?? expect.fail();

describe("the proof of a notice", () => {
  test("is believed by the one that it is for, and by nobody else", () => {
    expect(proof).toHaveLength(codeBytes);
    expect(isProven(notice, to(receiver, sender), proof)).toBe(true);
    expect(isProven(notice, to(third, sender), proof)).toBe(false);
    expect(isProven(notice, to(receiver, third), proof)).toBe(false);
  });

  test("of its own making is not believed by a node that it is sent back to", () => {
    expect(isProven(notice, to(sender, receiver), proof)).toBe(false);
  });

  test.each<Partial<EndNotice>>([{ kind: "forget" }, { nodeId: "id003" }, { number: 8 }])(
    "is for nothing but what it was made for, not for %o",
    (change) => {
      expect(isProven({ ...notice, ...change }, to(receiver, sender), proof)).toBe(false);
    },
  );

  test.each([{ endpoint: "203.0.113.1:1" as Endpoint }, { seconds: 10 }])(
    "covers what was observed, and not %o",
    (change) => {
      const made = proofOf(observed, to(sender, receiver), "own") ?? expect.fail();
      expect(isProven(observed, to(receiver, sender), made)).toBe(true);
      expect(isProven({ ...observed, ...change }, to(receiver, sender), made)).toBe(false);
    },
  );

  test.each<Partial<KeyNotice>>([{ number: 8 }, { nodeId: "id003" }, { publicKey: sender.publicKey }])(
    "covers the next key, and not %o",
    (change) => {
      const made = proofOf(nextKey, to(sender, receiver), "own") ?? expect.fail();
      expect(isProven(nextKey, to(receiver, sender), made)).toBe(true);
      expect(isProven({ ...nextKey, ...change }, to(receiver, sender), made)).toBe(false);
    },
  );

  test("of another length, or with a key of small order, is none", () => {
    expect(isProven(notice, to(receiver, sender), proof.subarray(1))).toBe(false);
    const zero = { ...sender, peer: Buffer.alloc(32).toString("base64") };
    expect(proofOf(notice, zero, "own")).toBeUndefined();
    expect(isProven(notice, zero, proof)).toBe(false);
  });
});

test("a receipt is made by the recipient alone, for one notice, and is not what came with it", () => {
  const awaited = receiptOf(proof, to(sender, receiver), "peer");
  expect(receiptOf(proof, to(receiver, sender), "own")).toEqual(awaited);
  expect(awaited).not.toEqual(proof);
  for (const other of [
    receiptOf(proof, to(third, sender), "own"),
    receiptOf(proof, to(sender, receiver), "own"),
    receiptOf(proof.toReversed(), to(receiver, sender), "own"),
    proofOf(notice, to(receiver, sender), "own"),
  ])
    expect(other).not.toEqual(awaited);
});

describe("a farewell by way of a registry", () => {
  const member = memberOf(affiliate(2, { publicKey: sender.publicKey }));
  const left = (proofs: ReadonlyMap<string, Uint8Array>) => {
    const { kubespan: _none, ...rest } = member.claim;
    const farewells = new Map(
      [...proofs].map(([recipient, mac]) => [recipient, Buffer.from(mac).toString("base64")]),
    );
    const membership = { number: 7, startedAt: 1, machine: "", otherNetworks: [], farewells };
    return [{ nodeId: "id002", sealed: { ...rest, membership } }];
  };
  const heardBy = (own: ReturnType<typeof newKeys>, proofs: ReadonlyMap<string, Uint8Array>) =>
    farewellsIn(left(proofs), membersOf(member), own, 99);

  test("lets the member go where it is proved", () => {
    const proofs = new Map([[recipientOf(receiver.publicKey), proof]]);
    expect(heardBy(receiver, proofs)).toEqual(
      new Map([["id002", { why: "it left the mesh", number: 7, at: 99 }]]),
    );
    expect(heardBy(third, proofs)).toEqual(new Map());
  });

  test("is looked at again when the member turns out to have another key", () => {
    const heard = left(new Map([[recipientOf(receiver.publicKey), proof]]));
    const before = memberOf(affiliate(2, { publicKey: third.publicKey }));
    expect(farewellsIn(heard, membersOf(before), receiver, 99).size).toBe(0);
    expect(farewellsIn(heard, membersOf(member), receiver, 99).size).toBe(1);
  });

  test("that somebody else with the cluster secret makes up is none", () => {
    const forged = proofOf(notice, to(third, receiver), "own") ?? expect.fail();
    expect(heardBy(receiver, new Map([[recipientOf(receiver.publicKey), forged]]))).toEqual(new Map());
  });
});

test("what a node that leaves puts into the registries proves it to each of them, and claims nothing", () => {
  const own = affiliate(2, { publicKey: sender.publicKey });
  const recipients = [receiver, third].map(({ publicKey }) => publicKey);
  const left = farewellOf(own, 7, recipients, sender);
  expect(left.kubespan).toBeUndefined();
  expect(left.addresses).toEqual([]);
  const heard = [{ nodeId: own.nodeId, sealed: left }];
  for (const each of [receiver, third])
    expect(
      farewellsIn([{ ...heard[0], sealed: { ...left } } as never], membersOf(memberOf(own)), each, 9).size,
    ).toBe(1);
  const many = Array.from({ length: 100 }, () => newKeys().publicKey);
  expect(encodeAffiliate(farewellOf(own, 7, many, sender)).length).toBeLessThan(2020);
});

describe("a datagram", () => {
  test("is read as it was written", () => {
    for (const datagram of [
      { kind: "notice" as const, notice, proof },
      { kind: "notice" as const, notice: observed, proof },
      { kind: "notice" as const, notice: nextKey, proof },
      { kind: "receipt" as const, proof },
    ]) {
      const bytes = Buffer.from(datagramText(datagram));
      const read = readDatagram(bytes) ?? expect.fail();
      expect({ ...read, proof: new Uint8Array(read.proof) }).toEqual({
        ...datagram,
        proof: new Uint8Array(proof),
      });
    }
  });

  test("of anything else is none", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 600 }),
          fc.json().map((text) => Buffer.from(text)),
        ),
        (bytes) => {
          expect(readDatagram(bytes)).toBeUndefined();
        },
      ),
    );
    const padded = datagramText({
      kind: "notice",
      notice: { ...notice, nodeId: "x".repeat(largestDatagram) },
      proof,
    });
    expect(readDatagram(Buffer.from(padded))).toBeUndefined();
  });
});

describe("a request to forget a member", () => {
  const minute = 60_000;
  const gone = { ...memberOf(affiliate(2)), standing: "absent" as const, since: 0, why: "" };
  test.each([
    ["is obeyed for one that is absent and unconnected for long enough", gone, undefined],
    ["is not obeyed for one that has just vanished", { ...gone, since: 9 * minute }, /three minutes/],
    ["is not obeyed for one that is connected", { ...gone, connectedAt: 9 * minute }, /connected/],
    ["is not obeyed for one that a registry names", memberOf(affiliate(2)), /registry/],
  ])("%s", (_, member, reason) => {
    const asked: EndNotice = { kind: "forget", nodeId: member.nodeId, number: 2 ** 50 };
    const heeded = heedNotice(asked, member, third.publicKey, 10 * minute);
    if (reason === undefined)
      expect(heeded).toEqual({
        leaving: { why: expect.any(String) as string, number: member.number, at: 10 * minute },
      });
    else expect(heeded).toEqual({ refused: expect.stringMatching(reason) as string });
  });
});

test("a farewell is heeded for the sender alone, at its number, and with the handshakes of its last seconds", () => {
  const member = memberOf(affiliate(2, { publicKey: sender.publicKey }));
  expect(heedNotice(notice, member, sender.publicKey, 5)).toEqual({
    leaving: { why: "it left the mesh", number: notice.number, at: 10_005 },
  });
  expect(heedNotice(notice, member, third.publicKey, 5)).toEqual({ refused: "it is not its own" });
});
