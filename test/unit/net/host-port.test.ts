import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hostPortText, parseAddressPort, parseHostPort, parsePort } from "../../../src/net/index.ts";
import { anyAddress } from "./arbitraries.ts";

const hostile = fc.oneof(
  fc.string({ unit: "binary", maxLength: 80 }),
  fc.stringMatching(/^[a-z0-9.:[\]@/?#%-]{0,40}$/),
  fc
    .tuple(
      fc.webAuthority({ withIPv4: true, withIPv6: true, withPort: true }),
      fc.nat(30),
      fc.string({ maxLength: 2 }),
    )
    .map(([text, at, inserted]) => text.slice(0, at) + inserted + text.slice(at)),
);

describe("a host with its port", () => {
  test.each<[string, string, number]>([
    ["Discovery.Example.ORG:443", "discovery.example.org", 443],
    ["localhost", "localhost", 3478],
    ["192.0.2.7:1", "192.0.2.7", 1],
    ["_dns.a_b.Example:9", "_dns.a_b.example", 9],
    ["[2001:DB8::7]:65535", "2001:db8::7", 65_535],
    ["[2001:db8::7]", "2001:db8::7", 3478],
    ["[::ffff:192.0.2.7]:9", "192.0.2.7", 9],
  ])("%s", (text, host, port) => {
    expect(parseHostPort(text, 3478)).toEqual({ host, port });
  });

  const wrong = [
    "|:1|a:|a:0|a:65536|a:080|a:+1|a:1 | a:1|a:1\n|a:1:2|a..b:1|-a:1|[a]:1|[]:1|[[::1]]:1|[::1%lo]:1|[::1]1",
    "2001:db8::7|2001:db8::7:1|[192.0.2.7]:1|1.2.3:1|256.0.0.1:1|a@b:1|a/b:1|a?b:1|a#b:1|bücher:1|a.:1",
    `${"a".repeat(64)}:1|${"a.".repeat(127)}a:1|\u0000:1`,
  ];
  test.each(wrong.flatMap((texts) => texts.split("|")))("%j is none", (text) => {
    expect(parseHostPort(text, 3478)).toBeUndefined();
    expect(parseAddressPort(text)).toBeUndefined();
  });

  test("has to have a port where none is meant", () => {
    expect([parseHostPort("a"), parseHostPort("[::1]"), parseAddressPort("192.0.2.7")]).toEqual(
      Array(3).fill(undefined),
    );
  });

  test("comes back as it was written, and any text is one or none", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const target = parseHostPort(text, 1);
        if (!target) return;
        expect(parseHostPort(hostPortText(target))).toEqual(target);
        expect(target.host).toMatch(/^[a-z0-9_.:-]+$/);
        expect(target.port >= 1 && target.port <= 65_535).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  test("of an address is the same with and without names", () => {
    fc.assert(
      fc.property(anyAddress, fc.integer({ min: 1, max: 65_535 }), (host, port) => {
        const text = hostPortText({ host, port });
        expect(parseAddressPort(text)).toEqual({ host, port });
        expect(parseHostPort(text)).toEqual({ host, port });
      }),
    );
    expect(parseAddressPort("localhost:1")).toBeUndefined();
  });
});

test("a port is 0 only where the kernel may choose it", () => {
  expect([parsePort("0"), parsePort("0", 0), parsePort("00", 0), parsePort("65536", 0)]).toEqual([
    undefined,
    0,
    undefined,
    undefined,
  ]);
  expect(parseAddressPort("[::]:0", 0)).toEqual({ host: "::", port: 0 });
  expect(parseAddressPort("[::]:0")).toBeUndefined();
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.nat(99_999).map(String)), (text) => {
      const port = parsePort(text);
      expect(port === undefined || (String(port) === text && port >= 1 && port <= 65_535)).toBe(true);
    }),
  );
});
