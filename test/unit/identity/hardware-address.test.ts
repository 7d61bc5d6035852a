import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  hardwareAddressBytes,
  localHardwareAddress,
  physicalHardwareAddress,
} from "../../../src/identity/hardware-address.ts";

interface Link {
  readonly ifindex: number;
  readonly ifname: string;
  readonly link_type: string;
  readonly address?: string;
  readonly linkinfo?: object;
}

const loopback = { ifindex: 1, ifname: "lo", link_type: "loopback", address: "00:00:00:00:00:00" };
const card = (ifindex: number, address: string): Link => ({
  ifindex,
  ifname: `eth${ifindex}`,
  link_type: "ether",
  address,
});
const made = (ifindex: number, kind: string): Link => ({
  ...card(ifindex, "0a:00:00:00:00:01"),
  ifname: `${kind}${ifindex}`,
  linkinfo: { info_kind: kind },
});

describe("physicalHardwareAddress", () => {
  test.each<[string, readonly Link[], string | undefined]>([
    ["the first card", [loopback, card(2, "52:54:00:12:34:56")], "52:54:00:12:34:56"],
    ["the lowest index", [card(7, "52:54:00:00:00:07"), card(3, "52:54:00:00:00:03")], "52:54:00:00:00:03"],
    ["in small letters", [card(2, "52:54:00:AB:CD:EF")], "52:54:00:ab:cd:ef"],
    [
      "no link that software made",
      [
        ...["veth", "bridge", "bond", "tun", "dummy", "ifb", "vxlan"].map((kind) => made(2, kind)),
        card(9, "52:54:00:00:00:09"),
      ],
      "52:54:00:00:00:09",
    ],
    ["a container: loopback and veth", [loopback, made(2, "veth")], undefined],
    [
      "a port of a bridge is a card still",
      [{ ...card(2, "52:54:00:00:00:02"), linkinfo: { info_slave_kind: "bridge" } }],
      "52:54:00:00:00:02",
    ],
    [
      "a group address and zeros are passed over",
      [card(2, "01:00:5e:00:00:01"), card(3, "00:00:00:00:00:00"), card(4, "52:54:00:00:00:04")],
      "52:54:00:00:00:04",
    ],
    ["a tunnel without an address", [{ ifindex: 2, ifname: "x", link_type: "none" }], undefined],
    ["no links", [], undefined],
  ])("%s", (_, links, expected) => {
    expect(physicalHardwareAddress(JSON.stringify(links))).toBe(expected);
  });

  test("any output gives a good address or none", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (output) => {
        const address = physicalHardwareAddress(output);
        if (address !== undefined) expect(hardwareAddressBytes(address)).toHaveLength(6);
      }),
    );
  });
});

test("a made-up address is locally administered, belongs to no group, and keeps the other 46 bits", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 6, maxLength: 6 }), (bytes) => {
      const address = hardwareAddressBytes(localHardwareAddress(() => bytes));
      const [first = 0, ...rest] = address ?? [];
      expect(first & 0b11).toBe(0b10);
      expect([first >> 2, ...rest]).toEqual([(bytes[0] ?? 0) >> 2, ...bytes.subarray(1)]);
    }),
  );
});

test.each([
  "",
  "52:54:00:12:34",
  "52:54:00:12:34:56:78",
  "52-54-00-12-34-56",
  "5254.0012.3456",
  "52:54:00:12:34:5g",
  "52:54:00:12:34:56 ",
  "01:00:00:00:00:00",
])("%j is no hardware address", (text) => {
  expect(hardwareAddressBytes(text)).toBeUndefined();
});
