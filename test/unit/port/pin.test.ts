import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type PlacedPin, parseSource, pinText } from "../../../src/port/pin.ts";
import { address, endpoint } from "../mesh/values.ts";

const pin = (to: string, instead: readonly string[], source: string): PlacedPin => ({
  to: endpoint(to),
  instead: instead.map(endpoint),
  source: address(source),
});

describe("rules that pin packets", () => {
  it("match address and port of the way that was left, and forget it by themselves", () => {
    const { sets, rules } = pinText(
      [pin("203.0.113.1:1", ["203.0.113.2:2", "203.0.113.1:1"], "192.0.2.1")],
      51820,
    );
    expect(sets.join(" ")).toMatch(/elements = \{ 203\.0\.113\.2 \. 2 timeout \d+s \}/);
    expect(rules).toHaveLength(1);
    expect(rules[0]).toContain("ip daddr 203.0.113.2 udp dport 2 ");
    expect(rules[0]).toContain("ip saddr set 192.0.2.1 ip daddr set 203.0.113.1 udp dport set 1");
  });

  it("are none where the address would be of the other family", () => {
    const pinned = pinText([pin("[2001:db8::1]:1", ["203.0.113.2:2"], "2001:db8::9")], 51820);
    expect(pinned).toEqual({ sets: [], rules: [] });
  });

  it("are none without anything to pin", () => {
    expect(pinText([], 51820)).toEqual({ sets: [], rules: [] });
  });
});

describe("the address that packets leave from", () => {
  it.each([
    ['[{"dst":"10.0.2.2","gateway":"10.0.1.9","dev":"eth0","prefsrc":"10.0.1.1","flags":[]}]', "10.0.1.1"],
    ['[{"dst":"2001:db8::2","dev":"eth0","prefsrc":"2001:db8::1"}]', "2001:db8::1"],
    ["[]", undefined],
    ['[{"dev":"eth0"}]', undefined],
    ['[{"prefsrc":"10.0.1.1 drop"}]', undefined],
    ["RTNETLINK answers: Network is unreachable", undefined],
  ])("in %s", (text, source) => expect(parseSource(text)).toBe(source));

  it("is never read from anything else", () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => parseSource(text) === undefined));
  });
});
