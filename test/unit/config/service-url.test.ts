import * as fc from "fast-check";
import { expect, test } from "vitest";
import { parseServiceURL } from "../../../src/config/index.ts";

test.each<[string, string, number, boolean]>([
  ["https://discovery.example.org/", "discovery.example.org", 443, true],
  ["https://discovery.example.org", "discovery.example.org", 443, true],
  ["https://Discovery.Example.ORG:8443/", "discovery.example.org", 8443, true],
  ["http://localhost", "localhost", 80, false],
  ["http://192.0.2.7:3000", "192.0.2.7", 3000, false],
  ["https://[2001:DB8::7]", "2001:db8::7", 443, true],
  ["https://a-b.c1:65535", "a-b.c1", 65535, true],
  ["grpc://a.example:50051", "a.example", 50051, true],
  ["https://a.example/a/path?a=query", "a.example", 443, true],
])("%s", (text, host, port, tls) => {
  expect(parseServiceURL(text)).toEqual({ host, port, tls });
});

test.each([
  "",
  "discovery.example.org",
  "tcp://a.example",
  "HTTPS://a.example",
  "https:/a.example",
  "https://",
  "https:///",
  "https://a.example/a path",
  "https://a.example#part",
  "https://user:password@a.example",
  "https://a.example:0",
  "https://a.example:65536",
  "https://a.example:080",
  "https://a.example:",
  "https://2001:db8::7",
  "https://[192.0.2.7]",
  "https://[2001:db8::7%eth0]",
  "https://192.0.2.256",
  "https://192.0.2.07",
  "https://1.2.3",
  "https://a..example",
  "https://.example",
  "https://a.example.",
  "https://-a.example",
  `https://${"a".repeat(64)}.example`,
  "https://bücher.example",
  " https://a.example",
  "https://a.example\n",
])("%j is refused", (text) => {
  expect(parseServiceURL(text)).toBeUndefined();
});

test("what is accepted is what the URL standard reads there", () => {
  const near = fc
    .tuple(
      fc.webAuthority({ withIPv4: true, withIPv6: true, withPort: true }),
      fc.constantFrom("http", "https"),
      fc.nat(20),
      fc.string({ maxLength: 1 }),
    )
    .map(([authority, scheme, at, inserted]) => {
      const text = `${scheme}://${authority}/`;
      return text.slice(0, at) + inserted + text.slice(at);
    });
  fc.assert(
    fc.property(fc.oneof(near, fc.webUrl(), fc.string()), (text) => {
      const location = parseServiceURL(text);
      if (location === undefined) return;
      const url = new URL(text);
      expect([url.protocol, url.hash, url.username]).toEqual([location.tls ? "https:" : "http:", "", ""]);
      expect(Number(url.port || (location.tls ? 443 : 80))).toBe(location.port);
      // an IPv4-mapped address is IPv4 here, and stays IPv6 in a URL
      if (!url.hostname.startsWith("[::ffff:"))
        expect(url.hostname.replace(/^\[|\]$/g, "")).toBe(location.host);
    }),
    { numRuns: 3000 },
  );
});
