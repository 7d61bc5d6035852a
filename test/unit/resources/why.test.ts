import { describe, expect, test } from "vitest";
import { differencesBetween } from "../../../src/resources/why.ts";

const way = { set: "kubespan_hosts_ipv4", mark: "0x40/0x60", table: 180, link: "kubespan" };
const taken = { sets: ["kubespan_hosts_ipv4"], mark: "0x40/0x60", table: 180, link: "kubespan" };

describe("what was decided and what the kernel does", () => {
  test("agree", () => {
    expect(differencesBetween(way, taken)).toEqual([]);
    expect(differencesBetween({}, { sets: [], link: "eth0" })).toEqual([]);
    expect(differencesBetween({ link: "kubespan" }, { sets: [], link: "kubespan" })).toEqual([]);
  });

  test.each([
    [way, { sets: [], link: "eth0" }, [/lacks the address/, /table main/, /leaves by eth0/]],
    [way, { ...taken, link: "eth0" }, [/leaves by eth0, and not by kubespan/]],
    [way, { ...taken, table: 254, link: "eth0" }, [/table 254/, /leaves by eth0/]],
    [
      way,
      { sets: taken.sets, mark: "0x40/0x60", refused: "No route to host" },
      [/refuses the packet: No route/],
    ],
    [{}, taken, [/has the address, which is not/, /is marked 0x40/]],
  ])("differ: %j, %j", (decided, kernel, expected) => {
    const found = differencesBetween(decided, kernel);
    expect(found).toHaveLength(expected.length);
    for (const [at, pattern] of expected.entries()) expect(found[at]).toMatch(pattern);
  });
});
