import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { largestMessageBytes, unboundedReason } from "../../../src/discovery/message-bounds.ts";
import { ListResponse, WatchResponse } from "../../../src/discovery/wire/generated/server.ts";

const affiliate = (endpoints: number, bytes = { id: 4, data: 8, endpoint: 4 }) => ({
  id: "x".repeat(bytes.id),
  data: Buffer.alloc(bytes.data),
  endpoints: Array.from({ length: endpoints }, () => Buffer.alloc(bytes.endpoint)),
});
const message = (affiliates: number, endpoints = 1): Buffer =>
  Buffer.from(
    WatchResponse.encode({
      affiliates: Array.from({ length: affiliates }, () => affiliate(endpoints)),
      deleted: true,
    }).finish(),
  );
const repeated = (hex: string, bytes: number): Buffer => Buffer.alloc(bytes, Buffer.from(hex, "hex"));
/** A message with one affiliate of these bytes. */
const around = (inside: Buffer): Buffer => {
  const length = Buffer.alloc(4);
  for (let index = 0, rest = inside.length; index < 4; index++, rest >>= 7)
    length[index] = (rest & 0x7f) | (index < 3 ? 0x80 : 0);
  return Buffer.concat([Buffer.from([0x0a]), length, inside]);
};

describe("a message within the limits", () => {
  test("is decoded", () => {
    expect(unboundedReason(Buffer.alloc(0))).toBeUndefined();
    expect(unboundedReason(message(1024, 64))).toBeUndefined();
  });

  test("may be as large as the limits make it", () => {
    const largest = affiliate(64, { id: 256, data: 2048, endpoint: 32 });
    const bytes = ListResponse.encode({ affiliates: Array.from({ length: 1024 }, () => largest) }).finish();
    expect(bytes.length).toBeGreaterThan(4.5e6);
    expect(unboundedReason(bytes)).toBeUndefined();
  });

  test("may hold a few fields of a later version", () => {
    expect(unboundedReason(Buffer.concat([message(2), Buffer.from("780182010161", "hex")]))).toBeUndefined();
  });
});

describe("a message that would cost more to decode than to send", () => {
  test.each([
    ["with too many affiliates", message(1025), /more than 1024 affiliates/],
    ["with an affiliate with too many endpoints", message(3, 65), /more than 64 endpoints/],
    ["of empty affiliates", repeated("0a00", largestMessageBytes), /more than 1024 affiliates/],
    ["of empty endpoints", around(repeated("1a00", 4_000_000)), /more than 64 endpoints/],
    ["of names in one affiliate", around(repeated("0a00", 4_000_000)), /affiliates has too many fields/],
    ["of flags", repeated("1001", largestMessageBytes), /too many fields/],
    ["of unknown fields", repeated("7801", largestMessageBytes), /too many fields/],
    ["of groups", repeated("0b", largestMessageBytes), /no message/],
    ["that is too large", Buffer.alloc(largestMessageBytes + 1), /bytes/],
    ["that says it is longer than it is", Buffer.from("0affffffff0f00", "hex"), /no message/],
    ["with an endless number", repeated("ff", 64), /no message/],
  ])("%s is not decoded", (_, bytes, reason) => {
    expect(unboundedReason(bytes)).toMatch(reason);
  });
});

test("whatever arrives is within the limits or refused, and what was encoded within them passes", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      const reason = unboundedReason(bytes);
      expect(reason === undefined || reason.length > 0).toBe(true);
    }),
  );
  fc.assert(
    fc.property(fc.nat(40), fc.nat(64), (affiliates, endpoints) => {
      expect(unboundedReason(message(affiliates, endpoints))).toBeUndefined();
    }),
  );
});
