import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { endpointAddress, endpointOf, endpointPort, parseEndpoint } from "../../../src/net/index.ts";
import { anyAddress } from "./arbitraries.ts";

describe("parseEndpoint", () => {
  test.each([
    ["192.0.2.1:51820", "192.0.2.1:51820"],
    ["[2001:DB8::1]:1", "[2001:db8::1]:1"],
    ["[::ffff:192.0.2.1]:65535", "192.0.2.1:65535"],
  ])("%s is %s", (text, canonical) => {
    expect(parseEndpoint(text)).toBe(canonical);
  });

  test.each([
    "",
    "192.0.2.1",
    "192.0.2.1:",
    "192.0.2.1:0",
    "192.0.2.1:65536",
    "192.0.2.1:051820",
    "192.0.2.1:+1",
    "192.0.2.1:1 ",
    "[192.0.2.1]:1",
    "2001:db8::1:51820",
    "[2001:db8::1]",
    "[fe80::1%eth0]:1",
    "example.org:51820",
    "[[::1]]:1",
  ])("%s is refused", (text) => {
    expect(parseEndpoint(text)).toBeUndefined();
  });

  test("address and port, text, address and port", () => {
    fc.assert(
      fc.property(anyAddress, fc.integer({ min: -1, max: 70_000 }), (address, port) => {
        const endpoint = endpointOf(address, port);
        if (port < 1 || port > 65_535) {
          expect(endpoint).toBeUndefined();
          return;
        }
        if (endpoint === undefined) throw new Error("expected an endpoint");
        expect(parseEndpoint(endpoint)).toBe(endpoint);
        expect([endpointAddress(endpoint), endpointPort(endpoint)]).toEqual([address, port]);
      }),
    );
  });

  test("never throws; what it accepts, it accepts again unchanged", () => {
    const near = fc
      .tuple(anyAddress, fc.nat(70_000), fc.nat(20), fc.constantFrom(":", "[", "]", "0", "", " "))
      .map(([address, port, at, inserted]) => {
        const text = `[${address}]:${port}`;
        return text.slice(0, at) + inserted + text.slice(at + 1);
      });
    fc.assert(
      fc.property(fc.oneof(fc.string(), near), (text) => {
        const endpoint = parseEndpoint(text);
        if (endpoint !== undefined) expect(parseEndpoint(endpoint)).toBe(endpoint);
      }),
      { numRuns: 2000 },
    );
  });
});
