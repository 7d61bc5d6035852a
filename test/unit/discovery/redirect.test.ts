import fc from "fast-check";
import { expect, test } from "vitest";
import { parseRedirect } from "../../../src/discovery/redirect.ts";

test.each([
  ["discovery.example.org:443", { host: "discovery.example.org", port: 443 }],
  ["192.0.2.1:3000", { host: "192.0.2.1", port: 3000 }],
  ["[2001:DB8::1]:3000", { host: "2001:db8::1", port: 3000 }],
])("%s is followed", (text, target) => {
  expect(parseRedirect(text)).toEqual(target);
});

test.each([
  "http://discovery.example.org:80",
  "https://discovery.example.org:443",
  "discovery.example.org",
  "discovery.example.org:0",
  "discovery.example.org:65536",
  "2001:db8::1:3000",
  "[192.0.2.1:3000",
  "[:::]:3000",
  "a b:1",
  "unix:/run/x:1",
  "unix:1",
  "UNIX:1",
  "unix-abstract:80",
  "dns:53",
  "ipv4:80",
  "ipv6:80",
  "xds:1",
  "http:80",
  "https:443",
  "host:1\n",
  ":1",
  "",
])("%j is not followed", (text) => {
  expect(parseRedirect(text)).toBeUndefined();
});

test("any text is a host and a port, or nothing", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const target = parseRedirect(text);
      if (target) expect(target.port).toBeLessThanOrEqual(65535);
    }),
  );
});
