import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Address } from "../../../src/net/index.ts";
import { parseGateway } from "../../../src/port-mapping/gateway.ts";
import * as natPmp from "../../../src/port-mapping/nat-pmp.ts";
import * as pcp from "../../../src/port-mapping/pcp.ts";

const nonce = new Uint8Array(12).fill(7);
const own = "192.168.1.11" as Address;
const wish = { internalPort: 51_820, externalPort: 51_821, lifetimeSeconds: 3600 };
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** The answer of a router to a request of PCP: the port and address that it gives. */
function pcpAnswer(result = 0, { lifetime = 3600, port = 41_821 } = {}): Buffer {
  const packet = Buffer.from(pcp.mapRequest(wish, own, nonce));
  packet.writeUInt8(0x81, 1);
  packet.writeUInt8(result, 3);
  packet.writeUInt32BE(lifetime, 4);
  packet.fill(0, 8, 24);
  packet.writeUInt16BE(port, 42);
  packet.set([203, 0, 113, 1], 56);
  return packet;
}

const bytes = (text: string): Buffer => Buffer.from(text.replaceAll(" ", ""), "hex");

describe("PCP", () => {
  test("asks for UDP, from this node's address, with the nonce", () => {
    expect(hex(pcp.mapRequest(wish, own, nonce))).toBe(
      "02010000" +
        "00000e10" +
        "00000000000000000000ffffc0a8010b" +
        "070707070707070707070707" +
        "11000000" +
        "ca6cca6d" +
        "00000000000000000000ffff00000000",
    );
  });

  test("reads what was mapped", () => {
    expect(pcp.readMapAnswer(pcpAnswer(), 51_820, nonce)).toEqual({
      kind: "mapped",
      port: 41_821,
      address: "203.0.113.1",
      lifetimeSeconds: 3600,
    });
  });

  test.each([
    ["a refusal", pcpAnswer(2), { kind: "refused", why: "it is not allowed here" }],
    ["an unknown result", pcpAnswer(99), { kind: "refused", why: "it answers with the result 99" }],
    ["another version of PCP alone", pcpAnswer(1).subarray(0, 24), { kind: "unknown version" }],
    ["a router of NAT-PMP", bytes("0081 0001 00000000"), { kind: "unknown version" }],
  ])("%s is told", (_, packet, expected) => {
    expect(pcp.readMapAnswer(packet, 51_820, nonce)).toEqual(expected);
  });

  test("an answer about another mapping, or to nobody, is none", () => {
    expect(pcp.readMapAnswer(pcpAnswer(), 51_821, nonce)).toBeUndefined();
    expect(pcp.readMapAnswer(pcpAnswer(), 51_820, new Uint8Array(12))).toBeUndefined();
    expect(pcp.readMapAnswer(pcp.mapRequest(wish, own, nonce), 51_820, nonce)).toBeUndefined();
    expect(pcp.readMapAnswer(pcpAnswer().fill(6, 36, 37), 51_820, nonce)).toBeUndefined();
  });
});

describe("NAT-PMP", () => {
  test("asks for UDP; the end of a mapping names no outer port", () => {
    expect(hex(natPmp.mapRequest(wish))).toBe("00010000ca6cca6d00000e10");
    expect(hex(natPmp.mapRequest({ ...wish, lifetimeSeconds: 0 }))).toBe("00010000ca6c000000000000");
  });

  test("reads the mapping and the address", () => {
    const mapping = bytes("0081 0000 00000001 ca6c a35d 00000e10");
    const expected = { kind: "mapped", port: 41_821, lifetimeSeconds: 3600 };
    expect(natPmp.readMapAnswer(mapping, 51_820)).toEqual(expected);
    expect(natPmp.readMapAnswer(mapping, 51_821)).toBeUndefined();
    const refusal = bytes("0081 0002 00000001 ca6c 0000 00000000");
    expect(natPmp.readMapAnswer(refusal, 51_820)).toMatchObject({ kind: "refused" });
    expect(natPmp.readAddressAnswer(bytes("0080 0000 00000001 cb007101"))).toBe("203.0.113.1");
    expect(natPmp.readAddressAnswer(bytes("0080 0003 00000001 cb007101"))).toBeUndefined();
  });
});

test("no bytes whatever make a reader throw", () => {
  const good = pcpAnswer();
  const changed = fc.tuple(fc.nat(59), fc.nat(255), fc.nat(60)).map(([at, value, end]) => {
    const packet = Uint8Array.from(good);
    packet[at] = value;
    return packet.subarray(0, end);
  });
  fc.assert(
    fc.property(fc.oneof(changed, fc.uint8Array({ maxLength: 1300 })), (packet) => {
      pcp.readMapAnswer(packet, 51_820, nonce);
      natPmp.readMapAnswer(packet, 51_820);
      natPmp.readAddressAnswer(packet);
    }),
    { numRuns: 2000 },
  );
});

const route = (fields: object): object => ({
  dst: "default",
  dev: "eth0",
  gateway: "192.168.1.1",
  ...fields,
});

describe("the gateway", () => {
  test.each([
    ["of the only default route", [route({})], { address: "192.168.1.1", link: "eth0" }],
    [
      "of the route with the lowest metric",
      [route({ metric: 100, gateway: "10.0.0.1" }), route({ metric: 50 })],
      { address: "192.168.1.1", link: "eth0" },
    ],
    ["of a tunnel, which has none", [{ dst: "default", dev: "tun0" }, route({ metric: 50 })], undefined],
    ["on the mesh's own link", [route({ dev: "kubespan" })], undefined],
    ["of another family", [route({ gateway: "fe80::1" })], undefined],
    ["where there is no route", [], undefined],
  ])("%s", (_, routes, expected) => {
    expect(parseGateway(JSON.stringify(routes), "kubespan")).toEqual(expected);
  });

  test("is none in text that ip did not write", () => {
    for (const text of ["", "[", "{}", "[{}]", "null"])
      expect(parseGateway(text, "kubespan")).toBeUndefined();
  });
});
