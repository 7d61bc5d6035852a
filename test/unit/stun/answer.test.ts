import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Endpoint } from "../../../src/net/index.ts";
import { bindingAnswer } from "../../../src/stun/answer.ts";
import { bindingRequest, mappedEndpoint } from "../../../src/stun/message.ts";

const transaction = new Uint8Array(Buffer.from("b7e7a701bc34d686fa87dfae", "hex"));
const request = bindingRequest(transaction);
const ipv4 = "203.0.113.1:41821" as Endpoint;
const ipv6 = "[2001:db8::1]:51820" as Endpoint;

/** A request of so many bytes, with one attribute of this type. */
function requestOf(bytes: number, type = 0x8022): Uint8Array {
  const packet = Buffer.alloc(bytes);
  packet.writeUInt16BE(1, 0);
  packet.writeUInt16BE(bytes - 20, 2);
  packet.writeUInt32BE(0x2112a442, 4);
  packet.set(transaction, 8);
  if (bytes >= 24) packet.writeUInt32BE(type * 65_536 + bytes - 24, 20);
  return packet;
}

describe("bindingAnswer", () => {
  test.each([ipv4, ipv6])("tells the client that it was seen at %s", (from) => {
    const answer = bindingAnswer(request, from);
    expect(answer && mappedEndpoint(answer, transaction)).toBe(from);
  });

  test.each([
    ["a request without room for an answer", requestOf(20), ipv4],
    ["one with room for an IPv4 address only", requestOf(40), ipv6],
    [
      "an answer, so that two servers never talk to each other",
      bindingAnswer(request, ipv6) ?? request,
      ipv4,
    ],
    ["an attribute that has to be understood and is not", requestOf(44, 0x0003), ipv4],
    ["an attribute that is cut off", requestOf(44).fill(0xff, 22, 24), ipv4],
    ["more than it says", Uint8Array.from([...request, 0, 0, 0, 0]), ipv4],
    ["more than anybody needs", requestOf(260), ipv4],
    ["nothing", new Uint8Array(), ipv4],
  ])("%s gets none", (_, packet, from) => {
    expect(bindingAnswer(packet, from)).toBeUndefined();
  });

  test("no packet whatever gets an answer that is longer than itself, or throws", () => {
    const changed = fc.tuple(fc.nat(43), fc.nat(255), fc.nat(44)).map(([at, value, end]) => {
      const packet = Uint8Array.from(request);
      packet[at] = value;
      return packet.subarray(0, end);
    });
    fc.assert(
      fc.property(
        fc.oneof(changed, fc.uint8Array({ maxLength: 300 })),
        fc.constantFrom(ipv4, ipv6),
        (packet, from) => {
          expect(bindingAnswer(packet, from)?.length ?? 0).toBeLessThanOrEqual(packet.length);
        },
      ),
      { numRuns: 2000 },
    );
  });
});
