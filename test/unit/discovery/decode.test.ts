import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Affiliate } from "../../../src/discovery/affiliate.ts";
import { decodeAffiliate, decodeEndpoint } from "../../../src/discovery/decode.ts";
import { encodeAffiliate, encodeEndpoint } from "../../../src/discovery/encode.ts";
import * as wire from "../../../src/discovery/wire/generated/client.ts";
import { anyAffiliate, anyEndpoint, endpoint, publicKey, sample } from "./samples.ts";

/** Written by hand from the field numbers of the published API. */
const sampleHex = [
  "0a2b6e6f6465315a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a", // 1: "node1ZZ..."
  "12040a000001", // 2: 10.0.0.1
  "121020010db8000000000000000000000001", // 2: 2001:db8::1
  "1a036f6e65", // 3: "one"
  "22056b38732d31", // 4: "k8s-1"
  "2a06776f726b6572", // 5: "worker"
  "320944656269616e203133", // 6: "Debian 13"
  `3a54${[
    `0a2c${Buffer.from(publicKey(7)).toString("hex")}`, // 7.1
    "1210fd7f175ab97c56022c1ab6fffe538169", // 7.2
    "1a080a040af401001018", // 7.3: 10.244.1.0/24
    "22080a04c0a801001018", // 7.4: 192.168.1.0/24
  ].join("")}`,
  "420308ab32", // 8.1: 6443
].join("");

const { apiServerPort: _port, ...withoutPort } = sample;
const endpoints = sample.kubespan?.endpoints ?? [];
const message = (): wire.Affiliate => wire.Affiliate.decode(encodeAffiliate(sample));
type Spoil = (message: wire.Affiliate, kubespan: wire.KubeSpan) => void;
const decodeSpoilt = (spoil: Spoil) => {
  const spoilt = message();
  spoil(spoilt, spoilt.kubespan ?? wire.KubeSpan.create());
  return decodeAffiliate(wire.Affiliate.encode(spoilt).finish(), endpoints);
};

const decodeWith = (membership: Partial<wire.Membership>) =>
  decodeAffiliate(
    wire.Affiliate.encode({ ...message(), membership: wire.Membership.create(membership) }).finish(),
    endpoints,
  );

describe("an affiliate", () => {
  test("is the bytes that the field numbers say", () => {
    expect(Buffer.from(encodeAffiliate(sample)).toString("hex")).toBe(sampleHex);
    expect(decodeAffiliate(Buffer.from(sampleHex, "hex"), endpoints)).toEqual({
      affiliate: sample,
      dropped: [],
    });
  });

  test("survives encoding and decoding", () => {
    fc.assert(
      fc.property(anyAffiliate(), (affiliate) => {
        const result = decodeAffiliate(encodeAffiliate(affiliate), affiliate.kubespan?.endpoints ?? []);
        expect(result).toEqual({ affiliate, dropped: [] });
      }),
    );
  });

  test("with fields that are not known here is read without them", () => {
    const later = Buffer.concat([Buffer.from(sampleHex, "hex"), Buffer.from("9a0603616263", "hex")]);
    expect(decodeAffiliate(later, endpoints)).toEqual({ affiliate: sample, dropped: [] });
  });

  test("with a number that no clock gives, or a machine of another length, is refused", () => {
    expect(decodeWith({ number: 2n ** 60n })).toEqual({ refused: expect.stringMatching(/^its number/) });
    expect(decodeWith({ number: 1n, machine: Buffer.alloc(15) })).toEqual({
      refused: expect.stringMatching(/^its machine/),
    });
    expect(decodeWith({ number: 0n })).toEqual({ affiliate: sample, dropped: [] });
  });

  test.each<[string, Spoil, RegExp]>([
    ["no node id", (m) => (m.nodeId = ""), /node id/],
    ["a node id with an escape sequence", (m) => (m.nodeId = "a\u001b[31m"), /node id/],
    ["a node id of 42 characters", (m) => (m.nodeId = "a".repeat(42)), /node id/],
    ["a node id of 53 characters", (m) => (m.nodeId = "a".repeat(53)), /node id/],
    ["a node id with a sign in it", (m) => (m.nodeId = "!".repeat(43)), /node id/],
    [
      "an escape sequence in the host name",
      (m) => (m.hostname = "\u001b]0;x\u0007"),
      /hostname.*unprintable/,
    ],
    ["text that runs right to left", (m) => (m.nodename = "a\u202eb"), /nodename.*unprintable/],
    ["a line break in the system", (m) => (m.operatingSystem = "a\nb"), /operatingSystem.*unprintable/],
    ["a long host name", (m) => (m.hostname = "a".repeat(254)), /hostname.*longer/],
    ["a public key of zeros", (_, k) => (k.publicKey = publicKey(0)), /public key/],
    ["a short public key", (_, k) => (k.publicKey = "AAAA"), /public key/],
    ["a public key with spare bits", (_, k) => (k.publicKey = `${"A".repeat(42)}B=`), /public key/],
    [
      "a public key in base64url",
      (_, k) => (k.publicKey = publicKey(255).replaceAll("/", "_")),
      /public key/,
    ],
    ["no KubeSpan address", (_, k) => (k.address = Buffer.alloc(0)), /KubeSpan address/],
    ["an IPv4 KubeSpan address", (_, k) => (k.address = Buffer.from([10, 0, 0, 1])), /KubeSpan address/],
  ])("with %s is refused", (_, spoil, reason) => {
    expect(decodeSpoilt(spoil)).toEqual({ refused: expect.stringMatching(reason) });
  });

  test.each<[string, Spoil, RegExp, Affiliate?]>([
    ["an address of 5 bytes", (m) => m.addresses.push(Buffer.alloc(5)), /address 3 of 3/],
    [
      "a prefix of 33 bits",
      (_, k) => k.additionalAddresses.push({ ip: Buffer.alloc(4), bits: 33 }),
      /prefix 2/,
    ],
    ["a mapped prefix of 95 bits", (_, k) => k.additionalAddresses.push(mapped(95)), /prefix 2/],
    [
      "an excluded network without address",
      (_, k) => k.excludedAdvertisedNetworks.push({ ip: Buffer.alloc(0), bits: 0 }),
      /excluded network 2/,
    ],
    [
      "an unknown machine type",
      (m) => (m.machineType = "toaster\u0007"),
      /machine type "toaster\?"/,
      { ...sample, machineType: "unknown" },
    ],
    ["a port over 65535", (m) => (m.controlPlane = { apiServerPort: 65536 }), /API server port/, withoutPort],
  ])("with %s loses only that", (_, spoil, reason, left = sample) => {
    expect(decodeSpoilt(spoil)).toEqual({ affiliate: left, dropped: [expect.stringMatching(reason)] });
  });

  test("with a thousand bad items has a handful of reasons", () => {
    const result = decodeSpoilt((m) => (m.addresses = Array.from({ length: 1000 }, () => Buffer.alloc(0))));
    expect("dropped" in result && result.dropped).toHaveLength(9);
    expect("dropped" in result && result.dropped.at(-1)).toBe("and 992 more");
  });

  test("without a public key is not in the mesh", () => {
    const result = decodeSpoilt((_, kubespan) => (kubespan.publicKey = ""));
    expect("affiliate" in result && result.affiliate.kubespan).toBeUndefined();
  });

  test("lists each thing once, canonically", () => {
    const result = decodeSpoilt((m, kubespan) => {
      m.addresses.push(Buffer.from("00000000000000000000ffff0a000001", "hex"));
      kubespan.additionalAddresses.push({ ip: Buffer.from([10, 244, 1, 77]), bits: 24 }, mapped(120));
    });
    expect(result).toMatchObject({
      affiliate: {
        addresses: sample.addresses,
        kubespan: { additionalAddresses: ["10.244.1.0/24", "1.2.3.0/24"] },
      },
      dropped: [],
    });
  });

  test("of any bytes is an affiliate or a refusal", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), readsOrRefuses), { numRuns: 2000 });
  });

  test("of damaged bytes is an affiliate or a refusal", () => {
    const damaged = fc
      .array(fc.tuple(fc.nat(sampleHex.length / 2 - 1), fc.nat(255)), { minLength: 1, maxLength: 4 })
      .map((changes) => {
        const bytes = Buffer.from(sampleHex, "hex");
        for (const [at, value] of changes) bytes[at] = value;
        return bytes;
      });
    fc.assert(fc.property(damaged, readsOrRefuses), { numRuns: 2000 });
  });
});

describe("an endpoint", () => {
  test("is the bytes that the field numbers say", () => {
    const bytes = Buffer.from(encodeEndpoint(endpoint("192.0.2.1:51820")));
    expect(bytes.toString("hex")).toBe("0a04c000020110ec9403");
  });

  test("survives encoding and decoding", () => {
    fc.assert(
      fc.property(anyEndpoint, (value) => {
        expect(decodeEndpoint(encodeEndpoint(value))).toBe(value);
      }),
    );
  });

  test.each([
    ["no port", "0a04c0000201"],
    ["port 0", "0a04c00002011000"],
    ["port 65536", "0a04c000020110808004"],
    ["5 bytes of address", "0a05c00002010110ec9403"],
    ["no address", "10ec9403"],
    ["less than it says", "0a10c0000201"],
    ["an endless number", "10ffffffffffffffffffffff"],
  ])("with %s is none", (_, hex) => {
    expect(decodeEndpoint(Buffer.from(hex, "hex"))).toBeUndefined();
  });

  test("of any bytes is an endpoint or none", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const value = decodeEndpoint(bytes);
        if (value !== undefined) expect(decodeEndpoint(encodeEndpoint(value))).toBe(value);
      }),
      { numRuns: 2000 },
    );
  });
});

const mapped = (bits: number): wire.IPPrefix => ({
  ip: Buffer.from("00000000000000000000ffff01020304", "hex"),
  bits,
});

function readsOrRefuses(bytes: Uint8Array): void {
  const result = decodeAffiliate(bytes, endpoints);
  if ("refused" in result) {
    expect(result.refused).toMatch(/^its /);
    return;
  }
  const again = decodeAffiliate(encodeAffiliate(result.affiliate), endpoints);
  expect(again).toEqual({ affiliate: result.affiliate, dropped: [] });
}

test("refusals are few and printable, and a bad one takes no good one along", () => {
  const nodeId = "a".repeat(43);
  const good = { nodeId, reason: "it is dated ahead" };
  const decoded = decodeWith({
    number: 1n,
    refusals: [
      { nodeId: "!", reason: "x" },
      { nodeId, reason: "a\u001b[31m" },
      { nodeId, reason: "x".repeat(201) },
      good,
      good,
    ],
  });
  if ("refused" in decoded) expect.fail(decoded.refused);
  expect(decoded.affiliate.membership?.refusals).toEqual([good]);
  expect(decoded.dropped).toEqual(["refusals: 4 not valid"]);
});
