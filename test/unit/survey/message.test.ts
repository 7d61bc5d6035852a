import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { privateKeyFrom, publicKeyOf } from "../../../src/identity/key.ts";
import { recipientOf } from "../../../src/members/index.ts";
import { type Cell, type Message, messageBytes, mostCells, readMessage } from "../../../src/survey/index.ts";
import { largestMessage } from "../../../src/survey/message.ts";
import { address } from "../mesh/values.ts";

function newKeys() {
  const privateKey = privateKeyFrom(randomBytes(32));
  return { privateKey, publicKey: publicKeyOf(privateKey) };
}
const [sender, receiver, third] = [newKeys(), newKeys(), newKeys()];
const cell: Cell = {
  to: recipientOf(third.publicKey),
  way: "relayed",
  via: "x".repeat(21),
  roundTripMs: 12_345.6,
  lossPercent: 100,
  mtu: 1420,
};
const number = 2 ** 47 - 1;
const messages: readonly (readonly [string, Message])[] = [
  ["a question for a row", { question: { kind: "row", number, from: 99_999 } }],
  ["a question for pods", { question: { kind: "pods", number } }],
  [
    "a row",
    {
      answer: {
        kind: "row",
        number,
        total: 100_000,
        linkMtu: 65_455,
        cells: Array.from({ length: mostCells }, () => cell),
      },
    },
  ],
  ["a row without cells", { answer: { kind: "row", number: 0, total: 0, linkMtu: 1280, cells: [] } }],
  [
    "addresses",
    { answer: { kind: "pods", number, addresses: Array(4).fill(address("2001:db8:1:2:3:4:5:6")) } },
  ],
];
const bytesOf = (message: Message): Uint8Array =>
  messageBytes(message, { ...sender, peer: receiver.publicKey }) ?? expect.fail();

describe.each(messages)("%s", (_, message) => {
  test("is read as it was written, fits any IPv6 packet, and proves its sender to its recipient alone", () => {
    const bytes = bytesOf(message);
    expect(bytes.length).toBeLessThanOrEqual(largestMessage);
    const read = readMessage(bytes) ?? expect.fail();
    expect(read.message).toEqual(message);
    expect(read.isFrom({ ...receiver, peer: sender.publicKey })).toBe(true);
    expect(read.isFrom({ ...receiver, peer: third.publicKey })).toBe(false);
    expect(read.isFrom({ ...third, peer: sender.publicKey })).toBe(false);
    expect(read.isFrom({ ...sender, peer: receiver.publicKey })).toBe(false); // sent back to its sender
  });

  test("is refused or unproved when anything in it is changed", () => {
    const data = JSON.parse(Buffer.from(bytesOf(message)).toString()) as Record<string, unknown>;
    const wrong = fc.oneof(fc.string(), fc.integer(), fc.constant(null), fc.array(fc.integer()), fc.object());
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(data)), wrong, (key, value) => {
        if (JSON.stringify(data[key]) === JSON.stringify(value)) return;
        const read = readMessage(Buffer.from(JSON.stringify({ ...data, [key]: value })));
        expect(read?.isFrom({ ...receiver, peer: sender.publicKey }) ?? false).toBe(false);
      }),
    );
    expect(readMessage(Buffer.from(JSON.stringify({ ...data, more: 1 })))).toBeUndefined();
  });
});

test("whatever is no message is not read, and nothing throws", () => {
  fc.assert(fc.property(fc.uint8Array(), (bytes) => readMessage(bytes) === undefined));
  const large = JSON.stringify({ ask: "pods", number: 1, code: "A".repeat(2_000) });
  expect(readMessage(Buffer.from(large))).toBeUndefined();
  const addresses = Array(4).fill("nowhere");
  expect(
    readMessage(
      Buffer.from(JSON.stringify({ tell: "pods", number: 1, addresses, code: "A".repeat(22) + "==" })),
    ),
  ).toBeUndefined();
});

test("a hostile name of a relay stays short and printable", () => {
  const via = `\u202e<script>\u0007${"x".repeat(70_000)}`;
  const bytes = bytesOf({
    answer: { kind: "row", number, total: 1, linkMtu: 1420, cells: [{ ...cell, via }] },
  });
  expect(bytes.length).toBeLessThan(400);
  expect(Buffer.from(bytes).toString()).toContain('"via":"?<script>?xxxxxxxxxxx..."');
});
