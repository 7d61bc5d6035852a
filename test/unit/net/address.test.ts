import { isIP } from "node:net";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  addressFromBytes,
  addressToBytes,
  compareAddresses,
  familyOf,
  isKubespanULA,
  isSideroLink,
  parseAddress,
  unreachableKind,
} from "../../../src/net/index.ts";
import { anyAddress, v4Bytes, v6Bytes } from "./arbitraries.ts";

/** Text near an address: real ones with characters replaced, doubled and removed. */
const nearAddress = fc
  .tuple(
    fc.oneof(fc.ipV4(), fc.ipV4Extended(), fc.ipV6()),
    fc.nat(45),
    fc.string({ maxLength: 3 }),
    fc.nat(3),
  )
  .map(([text, at, inserted, removed]) => text.slice(0, at) + inserted + text.slice(at + removed));

describe("parseAddress", () => {
  test.each([
    ["192.0.2.1", "192.0.2.1"],
    ["2001:DB8::1", "2001:db8::1"],
    ["2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8::1"],
    ["::", "::"],
    ["1::", "1::"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["::ffff:c000:201", "192.0.2.1"],
    ["64:ff9b::192.0.2.33", "64:ff9b::c000:221"],
    ["2001:db8:0:1:0:0:0:1", "2001:db8:0:1::1"],
    ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"], // one zero group is not shortened (RFC 5952, 4.2.2)
    ["1:0:0:2:3:0:0:4", "1::2:3:0:0:4"], // the first of two equal runs
  ])("%s is %s", (text, canonical) => {
    expect(parseAddress(text)).toBe(canonical);
  });

  test.each([
    "",
    "1.2.3",
    "1.2.3.4.5",
    "01.2.3.4",
    "0x1.2.3.4",
    "256.1.1.1",
    "1.2.3.4 ",
    "1.2.3.4/32",
    ":",
    ":::",
    "1:::2",
    "1::2::3",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7::8", // '::' must stand for a group at least
    "12345::",
    "::g",
    "fe80::1%eth0",
    "[::1]",
    "::1.2.3",
    "1.2.3.4::",
    "١.1.1.1",
  ])("%s is refused", (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });

  test("accepts what node:net accepts, but for zones and a '::' that stands for nothing", () => {
    fc.assert(
      fc.property(fc.oneof(nearAddress, fc.string(), fc.ipV4(), fc.ipV6()), (text) => {
        const groups = text.split(/:+/).filter((group) => group !== "").length + (text.includes(".") ? 1 : 0);
        fc.pre(!text.includes("%") && !(text.includes("::") && groups >= 8));
        expect(parseAddress(text) !== undefined).toBe(isIP(text) !== 0);
      }),
      { numRuns: 3000 },
    );
  });

  test("gives what the URL standard calls canonical", () => {
    fc.assert(
      fc.property(v6Bytes, (bytes) => {
        const address = addressFromBytes(bytes);
        fc.pre(address?.includes(":") ?? false);
        expect(new URL(`http://[${address}]/`).hostname).toBe(`[${address}]`);
      }),
    );
  });
});

test("bytes, text and bytes again", () => {
  fc.assert(
    fc.property(fc.oneof(v4Bytes, v6Bytes), (bytes) => {
      const address = addressFromBytes(bytes);
      if (address === undefined) throw new Error("4 and 16 bytes are addresses");
      expect(parseAddress(address)).toBe(address);
      const back = addressToBytes(address);
      expect(Buffer.from(bytes.subarray(bytes.length - back.length)).equals(back)).toBe(true);
      expect(back.length).toBe(familyOf(address) === 4 ? 4 : 16);
    }),
  );
});

test("no other number of bytes is an address", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      fc.pre(bytes.length !== 4 && bytes.length !== 16);
      expect(addressFromBytes(bytes)).toBeUndefined();
    }),
  );
});

test("the order is total: by family, then by bytes", () => {
  fc.assert(
    fc.property(anyAddress, anyAddress, (left, right) => {
      const expected =
        familyOf(left) - familyOf(right) || Buffer.compare(addressToBytes(left), addressToBytes(right));
      expect(Math.sign(compareAddresses(left, right))).toBe(Math.sign(expected));
      expect(compareAddresses(left, right) === 0).toBe(left === right);
    }),
  );
});

describe("special addresses", () => {
  test.each([
    ["0.0.0.0", "unspecified"],
    ["127.9.9.9", "a loopback address"],
    ["169.254.169.254", "link-local"],
    ["239.1.1.1", "multicast"],
    ["255.255.255.255", "reserved"],
    ["::", "unspecified"],
    ["::1", "a loopback address"],
    ["::ffff:127.0.0.1", "a loopback address"],
    ["fe80::1", "link-local"],
    ["febf::1", "link-local"],
    ["ff02::1", "multicast"],
    ["10.0.0.1", undefined],
    ["128.0.0.1", undefined],
    ["100.64.0.1", undefined],
    ["fec0::1", undefined],
    ["64:ff9b::c633:6401", undefined],
    ["::a9fe:a9fe", "reserved"],
    ["168.63.129.16", "an address of the cloud's own services"],
    ["100.100.100.200", "an address of the cloud's own services"],
    ["fd00:ec2::254", "an address of the cloud's own services"],
    ["2001:db8::1", undefined],
  ])("%s is %s", (text, kind) => {
    const address = parseAddress(text);
    expect(address && unreachableKind(address)).toBe(kind);
  });

  test.each([
    ["fd7f:175a:b97c:5602::1", true, false],
    ["fd7f:175a:b97c:5603::1", false, true],
    ["fd7f:175a:b97c:5604::1", false, false],
    ["fc7f:175a:b97c:5602::1", false, false],
    ["253.0.0.2", false, false],
  ])("%s: KubeSpan %s, SideroLink %s", (text, kubespan, siderolink) => {
    const address = parseAddress(text);
    expect(address && isKubespanULA(address)).toBe(kubespan);
    expect(address && isSideroLink(address)).toBe(siderolink);
  });
});
