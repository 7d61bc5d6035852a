import { describe, expect, test } from "vitest";
import type { Address, Endpoint } from "../../../src/net/index.ts";
import { type Nat, natOf, newestOf } from "../../../src/self/nat.ts";

const own = ["192.168.1.11", "2001:db8::11"] as Address[];

/** What an observer saw from one second to another. */
const saw = (observer: string, endpoint: string, since: number, at = since) => ({
  observer,
  by: observer.startsWith("m") ? ("member" as const) : ("server" as const),
  endpoint: endpoint as Endpoint,
  since: since * 1000,
  at: at * 1000,
});

describe("the kind of NAT", () => {
  test.each<[string, ReturnType<typeof saw>[], Nat, Nat]>([
    ["nobody sees anything", [], {}, {}],
    ["one observer proves nothing", [saw("a", "203.0.113.1:1", 0)], {}, { ipv4: "unknown" }],
    [
      "two that agree",
      [saw("a", "203.0.113.1:1", 0), saw("b", "203.0.113.1:1", 5)],
      {},
      { ipv4: "port-keeping" },
    ],
    [
      "two ports at one time",
      [saw("a", "203.0.113.1:1", 0), saw("b", "203.0.113.1:2", 5)],
      {},
      { ipv4: "symmetric" },
    ],
    [
      "a mapping that changed between two questions",
      [saw("a", "203.0.113.1:1", 0, 50), saw("b", "203.0.113.1:2", 75)],
      { ipv4: "port-keeping" },
      { ipv4: "port-keeping" },
    ],
    [
      "two ports that stay",
      [saw("a", "203.0.113.1:1", 0, 100), saw("b", "203.0.113.1:2", 75, 125)],
      { ipv4: "port-keeping" },
      { ipv4: "symmetric" },
    ],
    [
      "two ports that agree again",
      [saw("a", "203.0.113.1:2", 100), saw("b", "203.0.113.1:2", 75, 125)],
      { ipv4: "symmetric" },
      { ipv4: "port-keeping" },
    ],
    [
      "two addresses, such as those of two uplinks, are no contradiction",
      [saw("a", "203.0.113.1:1", 0), saw("b", "10.0.0.1:2", 0)],
      {},
      { ipv4: "unknown" },
    ],
    [
      "each family by itself; an own address is no NAT",
      [saw("a", "203.0.113.1:1", 0), saw("a", "[2001:db8::11]:51820", 0)],
      {},
      { ipv4: "unknown", ipv6: "none" },
    ],
    [
      "one member that contradicts a server proves nothing",
      [saw("a", "203.0.113.1:1", 0, 100), saw("m1", "203.0.113.1:2", 50)],
      {},
      { ipv4: "unknown" },
    ],
    [
      "two members that contradict each other",
      [saw("m1", "203.0.113.1:1", 0, 100), saw("m2", "203.0.113.1:2", 50)],
      {},
      { ipv4: "symmetric" },
    ],
    [
      "made-up members make no NAT symmetric of which a server tells",
      [
        saw("a", "203.0.113.1:1", 0, 100),
        saw("m1", "203.0.113.1:2", 50, 100),
        saw("m2", "203.0.113.1:3", 50, 100),
      ],
      {},
      { ipv4: "unknown" },
    ],
    [
      "nor one of which two servers tell that it keeps the port",
      [
        saw("a", "203.0.113.1:1", 0, 100),
        saw("b", "203.0.113.1:1", 0, 100),
        saw("m1", "203.0.113.1:2", 50, 100),
        saw("m2", "203.0.113.1:3", 50, 100),
      ],
      {},
      { ipv4: "port-keeping" },
    ],
    [
      "what members said before the only server was heard is forgotten",
      [saw("a", "203.0.113.1:1", 0, 100)],
      { ipv4: "symmetric" },
      { ipv4: "unknown" },
    ],
    [
      "members that agree do not make a NAT keep its ports where servers differ",
      [
        saw("a", "203.0.113.1:1", 0, 10),
        saw("b", "203.0.113.1:2", 90, 100),
        saw("m1", "203.0.113.1:3", 50, 100),
        saw("m2", "203.0.113.1:3", 50, 100),
      ],
      { ipv4: "symmetric" },
      { ipv4: "symmetric" },
    ],
    ["a NAT that appears", [saw("a", "203.0.113.1:1", 0)], { ipv4: "none" }, { ipv4: "unknown" }],
  ])("%s", (_, observations, before, expected) => {
    expect(natOf(observations, own, before)).toEqual(expected);
    expect(natOf(observations.toReversed(), own, before)).toEqual(expected);
  });
});

test("of each address the port that was new last is announced, whatever was confirmed last", () => {
  const observations = [
    saw("a", "203.0.113.1:2", 75),
    saw("b", "203.0.113.1:1", 0, 80),
    saw("c", "198.51.100.1:1", 0),
  ];
  expect(newestOf(observations).toSorted()).toEqual(["198.51.100.1:1", "203.0.113.1:2"]);
});
