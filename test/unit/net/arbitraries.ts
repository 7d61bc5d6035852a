import * as fc from "fast-check";
import { type Address, addressFromBytes, type Prefix, prefixOf } from "../../../src/net/index.ts";

export const v4Bytes = fc.uint8Array({ minLength: 4, maxLength: 4 });

/** Bytes of IPv6 addresses, with runs of zeros and IPv4-mapped ones more often than chance gives. */
export const v6Bytes = fc.oneof(
  fc.uint8Array({ minLength: 16, maxLength: 16 }),
  fc
    .array(fc.oneof(fc.constant(0), fc.nat(0xffff)), { minLength: 8, maxLength: 8 })
    .map((groups) => Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff]))),
  v4Bytes.map((tail) => Uint8Array.from([...Array<number>(10).fill(0), 0xff, 0xff, ...tail])),
);

export const anyAddress: fc.Arbitrary<Address> = fc
  .oneof(v4Bytes, v6Bytes)
  .map((bytes) => addressFromBytes(bytes))
  .filter((address) => address !== undefined);

export const anyPrefix: fc.Arbitrary<Prefix> = fc
  .tuple(anyAddress, fc.nat(128))
  .map(([address, bits]) => prefixOf(address, bits))
  .filter((prefix) => prefix !== undefined);
