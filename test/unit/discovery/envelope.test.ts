import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Affiliate } from "../../../src/discovery/affiliate.ts";
import { encodeAffiliate } from "../../../src/discovery/encode.ts";
import { type Envelope, openEnvelope, sealEndpoint } from "../../../src/discovery/envelope.ts";
import { sealData } from "../../../src/discovery/seal.ts";
import { affiliateNamed, anyAffiliate, endpoint, idOf, key, otherKey, sample } from "./samples.ts";

const nonce = Buffer.from("a0a1a2a3a4a5a6a7a8a9aaab", "hex");
const sealed = (affiliate: Affiliate): Envelope => ({
  id: affiliate.nodeId,
  data: sealData(key, nonce, encodeAffiliate(affiliate)),
  endpoints: (affiliate.kubespan?.endpoints ?? []).map((one) => sealEndpoint(key, one)),
});

/** Plain bytes written by hand (decode.test.ts), sealed with Python's cryptography. */
const golden: Envelope = {
  id: idOf("node-1"),
  data: Buffer.from(
    "a0a1a2a3a4a5a6a7a8a9aaabec33124221ae33e5383fdd895d209a842af6034ac8ed1836c6547cdc25f12f5b882c1da5f578096705c65e" +
      "92536887f3471b475a72f01b73f95e0b5ea47085b0b4bc856f31bfe78f9a87dd1de4f6bf97fc21add3aab3f21f9c4737ded4f824f5e1a4" +
      "1a9839fa85b7dcac6518c7ff8e60662702e69c42f8746db8bdecf62291058766d3379135e35f752e9dc3503df29ecaaece56acc007f3ea" +
      "970489f9c5183170e7e1e237035a1e880e21d66ed2a6f9552ef79cc2ceaf3e929a343a54292d3d8740359a96aac61ac4cb47a5583100",
    "hex",
  ),
  endpoints: [
    Buffer.from("1945e54a18084c4f1c2a3e349c1f8fc8", "hex"),
    Buffer.from("18d8f361863095b08c52b5c6de56a3c934a813ad23c2566d397ef18c494f1911", "hex"),
  ],
};

describe("an envelope", () => {
  test("is the same as made elsewhere", () => {
    expect(openEnvelope(key, golden)).toEqual({ affiliate: sample, dropped: [] });
    expect(sealed(sample)).toEqual(golden);
  });

  test("opens to what was sealed", () => {
    fc.assert(
      fc.property(anyAffiliate(), (affiliate) => {
        expect(openEnvelope(key, sealed(affiliate))).toEqual({ affiliate, dropped: [] });
      }),
    );
  });

  test.each<[string, Envelope, RegExp]>([
    ["with the data of another node", { ...golden, id: idOf("node-2") }, /that of another node, node1Z/],
    ["whose data was cut", { ...golden, data: golden.data.subarray(0, -1) }, /does not open/],
    ["that holds next to nothing", { ...golden, data: Buffer.alloc(3) }, /does not open/],
    ["with too much data", { ...golden, data: Buffer.alloc(2049) }, /longer than 2048/],
    [
      "that holds no message",
      { ...golden, data: sealData(key, nonce, Buffer.from([0x0a])) },
      /not an affiliate/,
    ],
    ["with an unprintable id", { ...golden, id: "\u001b[2J" }, /its id/],
    [
      "with an id that comes before all others",
      { ...golden, id: "!" },
      /its id is not 43 to 52 digits and letters/,
    ],
  ])("%s is refused", (_, envelope, reason) => {
    expect(openEnvelope(key, envelope)).toEqual({ refused: expect.stringMatching(reason) });
  });

  test("of another cluster is refused", () => {
    expect(openEnvelope(otherKey, golden)).toEqual({ refused: expect.stringMatching(/does not open/) });
  });

  test("loses endpoints that cannot be read, and says so", () => {
    const foreign = sealEndpoint(otherKey, endpoint("192.0.2.9:1"));
    const bad = [foreign, Buffer.alloc(0), Buffer.alloc(15), Buffer.alloc(48)];
    const result = openEnvelope(key, { ...golden, endpoints: [...bad, ...golden.endpoints] });
    expect(result).toEqual({
      affiliate: sample,
      dropped: [1, 2, 3, 4].map((number) => `endpoint ${number} of 6: does not open`),
    });
  });

  test("keeps 64 endpoints", () => {
    const many = Array.from({ length: 70 }, (_, index) => `192.0.2.1:${1000 + index}`);
    const result = openEnvelope(key, sealed(affiliateNamed("node-1", ...many)));
    expect(result).toMatchObject({ dropped: [expect.stringMatching(/too many/)] });
    expect("affiliate" in result && result.affiliate.kubespan?.endpoints).toEqual(many.slice(0, 64));
  });

  test("of any bytes is refused", () => {
    const bytes = fc.uint8Array({ maxLength: 2100 });
    fc.assert(
      fc.property(fc.string(), bytes, fc.array(bytes, { maxLength: 3 }), (id, data, endpoints) => {
        expect(openEnvelope(key, { id, data, endpoints })).toHaveProperty("refused");
      }),
    );
  });
});
