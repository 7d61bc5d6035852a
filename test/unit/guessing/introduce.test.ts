import { expect, it } from "vitest";
import { introduce, keepsPort, noIntroductions } from "../../../src/guessing/index.ts";
import { endpoint, key } from "../mesh/values.ts";

const [a, b, c, six] = [
  { publicKey: key(1), endpoint: endpoint("203.0.113.1:4711") },
  { publicKey: key(2), endpoint: endpoint("203.0.113.2:51820") },
  { publicKey: key(3), endpoint: endpoint("203.0.113.3:51820") },
  { publicKey: key(4), endpoint: endpoint("[2001:db8::4]:51820") },
];
const all = [a, b, c, six];

it("two members between whom packets are passed on are told of each other", () => {
  expect(introduce(noIntroductions, a.publicKey, b.publicKey, all, 0).both).toEqual([a, b]);
});

it.each([
  ["itself", a.publicKey, a.publicKey],
  ["a member that is not connected directly", a.publicKey, key(7)],
  ["a member at whose side it is not connected itself", key(7), b.publicKey],
  ["a member that is reached over IPv6", a.publicKey, six.publicKey],
])("nobody is told of %s", (_, asker, about) => {
  expect(introduce(noIntroductions, asker, about, all, 0).both).toBeUndefined();
});

it("a pair is introduced once in half a minute, whoever of them asks", () => {
  const { after } = introduce(noIntroductions, a.publicKey, b.publicKey, all, 0);
  expect(introduce(after, b.publicKey, a.publicKey, all, 29_000).both).toBeUndefined();
  expect(introduce(after, a.publicKey, c.publicKey, all, 29_000).both).toEqual([a, c]);
  expect(introduce(after, b.publicKey, a.publicKey, all, 30_000).both).toEqual([b, a]);
});

it("all pairs together are introduced twenty times at once, and once a second", () => {
  const many = Array.from({ length: 40 }, (_, number) => ({ ...a, publicKey: key(100 + number) }));
  let state = noIntroductions;
  let made = 0;
  for (const { publicKey } of many) {
    const { after, both } = introduce(state, publicKey, b.publicKey, [b, ...many], 0);
    state = after;
    if (both) made++;
  }
  expect(made).toBe(20);
});

const seen = (observer: string, at: string) =>
  ({ observer, by: "member", endpoint: endpoint(at), since: 0, at: 0 }) as const;

it("a port is kept if it is WireGuard's, or somebody else sees the same", () => {
  const mine = endpoint("203.0.113.1:4711");
  expect(keepsPort(endpoint("203.0.113.1:51820"), key(9), [], 51_820)).toBe(true);
  expect(keepsPort(mine, key(9), [seen(key(3), "203.0.113.1:4711")], 51_820)).toBe(true);
  expect(keepsPort(mine, key(9), [seen(key(9), "203.0.113.1:4711")], 51_820)).toBe(false);
  expect(keepsPort(mine, key(9), [seen(key(3), "203.0.113.1:4712")], 51_820)).toBe(false);
});
