import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { privateKeyFrom, publicKeyOf } from "../../../src/identity/key.ts";
import type { GuessNotice } from "../../../src/members/index.ts";
import {
  datagramText,
  isProven,
  largestDatagram,
  proofOf,
  readDatagram,
} from "../../../src/members/notice.ts";
import { endpoint } from "../mesh/values.ts";

function newKeys() {
  const privateKey = privateKeyFrom(randomBytes(32));
  return { privateKey, publicKey: publicKeyOf(privateKey) };
}
const [sender, receiver] = [newKeys(), newKeys()];
const common = { nodeId: "n".repeat(52), number: 7 };
const token = Buffer.alloc(8, 1).toString("base64");
const [theirs, mine] = [endpoint("203.0.113.1:41821"), endpoint("203.0.113.2:51820")];
const notices: readonly GuessNotice[] = [
  { ...common, kind: "introduce" },
  { ...common, kind: "introduction", endpoint: theirs, own: mine },
  { ...common, kind: "open", endpoint: theirs, token },
  { ...common, kind: "opened", token, ports: [4_711, 4_712] },
];
const proofFor = (notice: GuessNotice) =>
  proofOf(notice, { ...sender, peer: receiver.publicKey }, "own") ?? expect.fail();

describe.each(notices)("the notice $kind", (notice) => {
  test("is read as it was written, and fits", () => {
    const datagram = { kind: "notice", notice, proof: proofFor(notice) } as const;
    const bytes = Buffer.from(datagramText(datagram));
    expect(bytes.length).toBeLessThanOrEqual(largestDatagram);
    expect(readDatagram(bytes)).toEqual({ ...datagram, proof: Buffer.from(datagram.proof) });
  });

  test("is proved with all that it says", () => {
    const sides = { ...receiver, peer: sender.publicKey };
    const changes = [
      { nodeId: "other" },
      { number: 8 },
      ...("endpoint" in notice ? [{ endpoint: mine }] : []),
      ...("own" in notice ? [{ own: theirs }] : []),
      ...("token" in notice ? [{ token: Buffer.alloc(8, 2).toString("base64") }] : []),
      ...("ports" in notice ? [{ ports: [4_711] }] : []),
    ];
    expect(isProven(notice, sides, proofFor(notice))).toBe(true);
    for (const change of changes)
      expect(isProven({ ...notice, ...change }, sides, proofFor(notice))).toBe(false);
  });

  test("is refused where it is of no form of ours", () => {
    const text = datagramText({ kind: "notice", notice, proof: proofFor(notice) });
    const data = JSON.parse(text) as Record<string, unknown>;
    const wrong = fc.oneof(fc.string(), fc.integer({ max: -1 }), fc.constant(null), fc.array(fc.double()));
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(data)), wrong, (key, value) => {
        if (key === "nodeId" && typeof value === "string" && value !== "") return;
        if (key === "ports" && Array.isArray(value) && value.length === 0) return;
        expect(readDatagram(Buffer.from(JSON.stringify({ ...data, [key]: value })))).toBeUndefined();
      }),
    );
    expect(readDatagram(Buffer.from(JSON.stringify({ ...data, more: 1 })))).toBeUndefined();
  });
});
