import { expect, test } from "vitest";
import { anonymiser } from "../../../src/bugreport/index.ts";

const names = { nodes: ["web-1", "web-10"], others: ["discovery.example.org"] };

test.each([
  ["to 203.0.113.7:51820 and [2001:db8::7]:51820.", "to public-ipv4-1:51820 and [public-ipv6-1]:51820."],
  ["10.244.1.0/24 via 192.168.1.1", "private-ipv4-1/24 via private-ipv4-2"],
  ["web-10 is not web-1, nor web-1x", "node-1 is not node-2, nor web-1x"],
  ["https://discovery.example.org/", "https://name-1/"],
  ["link/ether 02:42:ac:11:00:02 brd ff:ff:ff:ff:ff:ff", "link/ether mac-1 brd mac-2"],
  ["Zm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFyZm8=", "key-1"],
  ["127.0.0.1, 0.0.0.0/0, ::1 and ::/0 stay", "127.0.0.1, 0.0.0.0/0, ::1 and ::/0 stay"],
  ["at 12:34:56.789, version 1.2.3", "at 12:34:56.789, version 1.2.3"],
])("%j becomes %j", (text, expected) => {
  expect(anonymiser(names)(text)).toBe(expected);
});

test("the same becomes the same, however it is written", () => {
  const anonymise = anonymiser(names);
  expect(anonymise("2001:db8:0:0:0:0:0:7 web-1")).toBe("public-ipv6-1 node-1");
  expect(anonymise("2001:db8::7 web-1 2001:DB8::8")).toBe("public-ipv6-1 node-1 public-ipv6-2");
});
