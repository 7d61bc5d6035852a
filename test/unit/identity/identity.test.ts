import { createPrivateKey, createPublicKey } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { KubespanError } from "../../../src/base/error.ts";
import { Secret } from "../../../src/base/secret.ts";
import { hardwareAddressBytes } from "../../../src/identity/hardware-address.ts";
import { identityText, newIdentity, parseIdentity } from "../../../src/identity/identity.ts";
import { clusterPrefix, decodeKey, kubespanAddress } from "../../../src/identity/index.ts";
import { privateKeyFrom, publicKeyOf } from "../../../src/identity/key.ts";
import { isNodeId, nodeIdFrom } from "../../../src/identity/node-id.ts";
import { isKubespanULA, prefixContains } from "../../../src/net/index.ts";

const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });
const clusterId = "8XuV9TZHW08DOk3bVxQjH9ih_TBKjnh-j44tsCLSBzo=";

/** Text of a hardware address that a network card can have. */
const hardwareAddress = fc
  .uint8Array({ minLength: 6, maxLength: 6 })
  .map((bytes) => Array.from(bytes, (byte, index) => (index === 0 ? byte & 0xfe : byte)))
  .filter((bytes) => bytes.some((byte) => byte !== 0))
  .map((bytes) => bytes.map((byte) => byte.toString(16).padStart(2, "0")).join(":"));

describe("addresses", () => {
  test("Talos' vector", () => {
    expect(clusterPrefix(clusterId)).toBe("fd7f:175a:b97c:5602::/64");
    expect(kubespanAddress(clusterId, "2e:1a:b6:53:81:69")).toBe("fd7f:175a:b97c:5602:2c1a:b6ff:fe53:8169");
  });

  test("are KubeSpan ULAs of the cluster's network, and different for different cards", () => {
    fc.assert(
      fc.property(fc.string(), hardwareAddress, hardwareAddress, (id, left, right) => {
        const address = kubespanAddress(id, left);
        expect(isKubespanULA(address)).toBe(true);
        expect(prefixContains(clusterPrefix(id), address)).toBe(true);
        expect(kubespanAddress(id, right) === address).toBe(left === right);
      }),
    );
  });
});

describe("keys", () => {
  test("public keys are those that node:crypto derives", () => {
    fc.assert(
      fc.property(bytes32, (bytes) => {
        const key = privateKeyFrom(bytes);
        const der = Buffer.concat([Buffer.from("302e020100300506032b656e04220420", "hex"), key.reveal()]);
        const jwk = createPublicKey(createPrivateKey({ key: der, format: "der", type: "pkcs8" })).export({
          format: "jwk",
        });
        expect(Buffer.from(publicKeyOf(key), "base64").toString("base64url")).toBe(jwk.x);
      }),
    );
  });

  test("private keys are clamped, and clamping changes no public key", () => {
    fc.assert(
      fc.property(bytes32, (bytes) => {
        const key = privateKeyFrom(bytes).reveal();
        expect([(key[0] ?? 255) & 7, (key[31] ?? 255) & 0xc0]).toEqual([0, 0x40]);
        expect(key.subarray(1, 31)).toEqual(bytes.subarray(1, 31));
        expect(publicKeyOf(new Secret(bytes))).toBe(publicKeyOf(privateKeyFrom(bytes)));
      }),
    );
  });

  test("32 bytes in either alphabet, with or without padding", () => {
    fc.assert(
      fc.property(bytes32, (bytes) => {
        const buffer = Buffer.from(bytes);
        for (const text of [
          buffer.toString("base64"),
          buffer.toString("base64url"),
          `${buffer.toString("base64url")}=`,
        ])
          expect(decodeKey(text)).toEqual(bytes);
      }),
    );
  });

  test("one text for one key: what is accepted is what 32 bytes encode to", () => {
    const near = fc
      .tuple(bytes32, fc.nat(44), fc.string({ maxLength: 2 }), fc.nat(2))
      .map(([bytes, at, inserted, removed]) => {
        const text = Buffer.from(bytes).toString("base64");
        return text.slice(0, at) + inserted + text.slice(at + removed);
      });
    fc.assert(
      fc.property(fc.oneof(near, fc.base64String(), fc.string()), (text) => {
        const bytes = decodeKey(text);
        if (bytes === undefined) return;
        const encoded = Buffer.from(bytes).toString("base64url");
        expect(text.replace(/=$/, "").replaceAll("+", "-").replaceAll("/", "_")).toBe(encoded);
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    ["a letter too few", "8XuV9TZHW08DOk3bVxQjH9ih_TBKjnh-j44tsCLSBz="],
    ["a letter too many", "8XuV9TZHW08DOk3bVxQjH9ih_TBKjnh-j44tsCLSBzoo="],
    ["both alphabets", "8XuV9TZHW08DOk3bVxQjH9ih_TBKjnh+j44tsCLSBzo="],
    ["bits left over", "8XuV9TZHW08DOk3bVxQjH9ih_TBKjnh-j44tsCLSBzp="],
    ["white space", " 8XuV9TZHW08DOk3bVxQjH9ih_TBKjnh-j44tsCLSBzo="],
    ["two paddings", "8XuV9TZHW08DOk3bVxQjH9ih_TBKjnh-j44tsCLSBzo=="],
  ])("%s is no key", (_, text) => {
    expect(decodeKey(text)).toBeUndefined();
  });
});

describe("node ids", () => {
  test.each([
    [new Uint8Array(32), "0".repeat(43)],
    [new Uint8Array(32).fill(0).fill(61, 31), `${"0".repeat(42)}z`],
    [new Uint8Array(32).fill(0).fill(62, 31), `${"0".repeat(41)}10`],
  ])("case %#", (bytes, id) => {
    expect(nodeIdFrom(bytes)).toBe(id);
  });

  test("43 letters and digits whatever the bytes, and in the order of the bytes", () => {
    fc.assert(
      fc.property(bytes32, bytes32, (left, right) => {
        const [a, b] = [nodeIdFrom(left), nodeIdFrom(right)];
        expect(a).toMatch(/^[0-9A-Za-z]{43}$/);
        expect(isNodeId(a)).toBe(true);
        expect(Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b)))).toBe(
          Math.sign(Buffer.compare(left, right)),
        );
      }),
    );
  });

  test("the largest is an id, the number after it is not", () => {
    const largest = nodeIdFrom(new Uint8Array(32).fill(0xff));
    expect(isNodeId(largest)).toBe(true);
    const last = largest.at(-1) ?? "";
    expect(isNodeId(largest.slice(0, -1) + String.fromCharCode(last.charCodeAt(0) + 1))).toBe(false);
    for (const text of ["", "z".repeat(43), "0".repeat(42), "0".repeat(44), `${"0".repeat(42)}-`])
      expect(isNodeId(text)).toBe(false);
  });
});

describe("identity.json", () => {
  const identity = newIdentity("2e:1a:b6:53:81:69", (count) => new Uint8Array(count).fill(count + 170));
  const valid: Record<string, unknown> = JSON.parse(identityText(identity)) as Record<string, unknown>;

  test("what is written is read again", () => {
    fc.assert(
      fc.property(bytes32, hardwareAddress, (seed, address) => {
        const made = newIdentity(address, () => seed);
        const read = parseIdentity(identityText(made), "f");
        expect(read).toEqual({ ...made, privateKey: read.privateKey });
        expect(read.privateKey.equals(made.privateKey)).toBe(true);
        expect(read.publicKey).toBe(publicKeyOf(made.privateKey));
      }),
    );
  });

  const unclamped = Buffer.alloc(32, 1).toString("base64");
  test.each<[string, string]>([
    ["it is empty", ""],
    ["it is not JSON", identityText(identity).slice(0, -5)],
    ["it is not JSON", "\u0000"],
    ["it has not the fields it must have", "[]"],
    ["it has not the fields it must have", "null"],
    ["it has not the fields it must have", JSON.stringify({ ...valid, more: 1 })],
    ["version is wrong", JSON.stringify({ ...valid, version: 2 })],
    ["version is wrong", JSON.stringify({ ...valid, version: "1" })],
    ["nodeId is wrong", JSON.stringify({ ...valid, nodeId: "short" })],
    ["nodeId is wrong", JSON.stringify({ ...valid, nodeId: 5 })],
    ["privateKey is wrong", JSON.stringify({ ...valid, privateKey: undefined })],
    ["privateKey is wrong", JSON.stringify({ ...valid, privateKey: unclamped })],
    [
      "privateKey is wrong",
      JSON.stringify({ ...valid, privateKey: `${identity.privateKey.revealBase64()} ` }),
    ],
    ["hardwareAddress is wrong", JSON.stringify({ ...valid, hardwareAddress: "2E:1A:B6:53:81:69" })],
    ["hardwareAddress is wrong", JSON.stringify({ ...valid, hardwareAddress: "01:00:5e:00:00:01" })],
  ])("damaged: %s (%#)", (reason, text) => {
    expect(() => parseIdentity(text, "/var/lib/kubespan/identity.json")).toThrow(
      expect.objectContaining({
        code: "state",
        message: `/var/lib/kubespan/identity.json is damaged: ${reason}`,
        hint: expect.stringContaining("--forget-identity") as string,
      }),
    );
  });

  test("any damage is refused in words that do not hold the key, or leaves an identity", () => {
    const text = identityText(identity);
    const key = identity.privateKey.revealBase64();
    const damaged = fc
      .tuple(fc.nat(text.length), fc.nat(8), fc.string({ maxLength: 4 }))
      .map(([at, removed, inserted]) => text.slice(0, at) + inserted + text.slice(at + removed));
    fc.assert(
      fc.property(fc.oneof(damaged, fc.string(), fc.json()), (input) => {
        try {
          const read = parseIdentity(input, "f");
          expect(hardwareAddressBytes(read.hardwareAddress)).toHaveLength(6);
          expect(isNodeId(read.nodeId)).toBe(true);
        } catch (error) {
          if (!(error instanceof KubespanError)) throw error;
          expect(error.code).toBe("state");
          expect(error.cause).toBeUndefined();
          expect(`${error.message}${error.hint}`).not.toContain(key.slice(0, 12));
        }
      }),
      { numRuns: 3000 },
    );
  });
});
