import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { noDialRules } from "../../../src/config/index.ts";
import type { Affiliate } from "../../../src/discovery/affiliate.ts";
import { grantClaims } from "../../../src/members/claims.ts";
import {
  contestedSince,
  type OwnSide,
  type PeerSpecs,
  peerSpecs,
  specify,
} from "../../../src/members/index.ts";
import type { Claim } from "../../../src/members/prefix-claim.ts";
import type { Standing, Standings } from "../../../src/members/standing.ts";
import { hostPrefix, intersect, type Prefix, prefixWithin } from "../../../src/net/index.ts";
import { address, affiliate, key, prefix } from "../mesh/values.ts";
import { claimsOf } from "./claims-of.ts";

const own: OwnSide = {
  nodeId: "self",
  publicKey: key(0),
  address: address("fd00:0:0:2::1"),
  addresses: [address("192.0.2.1")],
  advertisedPrefixes: [],
  clusterPrefix: prefix("fd00:0:0:2::/64"),
  widestPrefix: { ipv4: 8, ipv6: 16 },
  dial: noDialRules,
  networks: [],
  otherNetworks: [],
  localNetworks: [],
  lastWorking: new Map(),
};

const up = (more: Partial<Standing> = {}): Standing => ({
  isConnected: true,
  isConfirmed: true,
  isNamed: true,
  announcedAt: 0,
  claimedSince: new Map(),
  ...more,
});
const down = (announcedAt: number, isNamed = true): Standing => ({
  isConnected: false,
  isConfirmed: false,
  isNamed,
  announcedAt,
  claimedSince: new Map(),
});
const network = prefix("10.244.7.0/24");
const since = (time: number, of: Prefix = network): Standing => up({ claimedSince: new Map([[of, time]]) });

/** Who gets what is sent there. */
const ownerOf = ({ peers }: PeerSpecs, text: string): string | undefined => {
  const host = hostPrefix(address(text));
  const holders = peers.filter(({ allowedIPs }) => allowedIPs.some((each) => prefixWithin(host, each)));
  expect(holders.length).toBeLessThan(2);
  return holders[0]?.label;
};

const id = (number: number): string => affiliate(number).nodeId;

describe("of two members that claim the same network", () => {
  const claiming = [2, 3].map((number) => affiliate(number, { additionalAddresses: [network] }));
  const owner = (two: Standing | undefined, three: Standing | undefined): string | undefined => {
    const standings = new Map<string, Standing>();
    if (two) standings.set(id(2), two);
    if (three) standings.set(id(3), three);
    const specs = peerSpecs(claiming, own, standings);
    expect(peerSpecs(claiming.toReversed(), own, standings)).toEqual(specs);
    const [warning, ...others] = specs.warnings;
    expect(others).toEqual([]);
    expect(`${warning?.who} ${warning?.what}`).toMatch(/node-2.*node-3|node-3.*node-2/);
    return ownerOf(specs, "10.244.7.9");
  };

  it.each<[string, Standing | undefined, Standing | undefined, string]>([
    ["the connected one has it", down(99), up(), "node-3"],
    ["the connected one has it, whoever asked first", down(99), since(50), "node-3"],
    ["of two connected ones the one that has asked for it longer", since(20), since(10), "node-3"],
    [
      "not the one that was down and has not announced itself since",
      up({ isConfirmed: false, claimedSince: new Map([[network, 1]]) }),
      since(10),
      "node-3",
    ],
    ["of two that are not connected the one that a registry names", down(2, false), down(1), "node-3"],
    ["of two that are not connected the last to announce itself", down(1), down(2), "node-3"],
    ["the lower node id, if nothing else is known", undefined, undefined, "node-2"],
    ["the lower node id, if all else is alike", since(10), since(10), "node-2"],
  ])("%s", (_, two, three, expected) => {
    expect(owner(two, three)).toBe(expected);
    const mirrored = { "node-2": "node-3", "node-3": "node-2" }[expected];
    if (!_.includes("node id")) expect(owner(three, two)).toBe(mirrored);
  });
});

describe("an owner whose claim another connected member has, too", () => {
  const [owner, rival] = [2, 3].map((number) => affiliate(number, { additionalAddresses: [network] }));
  const contested = (standing: Standing, now = 100): [string, number][] => {
    const standings = new Map([
      [id(2), since(1)],
      [id(3), standing],
    ]);
    const { takings } = specify(claimsOf([owner, rival].flatMap((each) => each ?? [])), own, standings);
    return [...contestedSince(takings, standings, now)];
  };

  it("is contested since the other one announced it", () => {
    expect(contested(since(7))).toEqual([[id(2), 7]]);
  });

  it("is not, where the other one is not connected, or this clock has not got there", () => {
    expect(contested(down(7))).toEqual([]);
    expect(contested(since(101))).toEqual([]);
  });
});

describe("what a node has itself", () => {
  const victim = affiliate(9, {}, { addresses: [address("203.0.113.2")] });
  const greedy = affiliate(2, { additionalAddresses: [prefix("203.0.113.2/32"), prefix("203.0.113.0/24")] });

  test("no network takes, whoever asks for it and however it stands", () => {
    const standings = new Map([
      [victim.nodeId, down(1)],
      [greedy.nodeId, since(0, prefix("203.0.113.2/32"))],
    ]);
    const specs = peerSpecs([greedy, victim], own, standings);
    expect(ownerOf(specs, "203.0.113.2")).toBe("node-9");
    expect(ownerOf(specs, "203.0.113.3")).toBe("node-2");
    expect(specs.warnings).toEqual([
      {
        who: "node node-2",
        what: "does not get 203.0.113.2/32: node-9 asks for it too and has that address itself",
      },
      { who: "node node-2", what: "asks for 203.0.113.0/24; 203.0.113.2/32 inside it goes to node-9" },
    ]);
  });

  test("a liar does not take while its owner is connected, and gives back when the owner has announced itself again", () => {
    const liar = affiliate(2, {}, { addresses: [address("203.0.113.2")] });
    const host = prefix("203.0.113.2/32");
    const standing = (ofVictim: Standing): Standings =>
      new Map([
        [victim.nodeId, ofVictim],
        [liar.nodeId, since(500, host)],
      ]);
    const owner = (ofVictim: Standing): string | undefined =>
      ownerOf(peerSpecs([liar, victim], own, standing(ofVictim)), "203.0.113.2");
    expect(owner(since(100, host))).toBe("node-9");
    expect(owner(down(100))).toBe("node-2"); // while the owner reboots
    expect(owner({ ...since(100, host), isConfirmed: false })).toBe("node-2");
    expect(owner(since(100, host))).toBe("node-9");
  });
});

describe("a KubeSpan address", () => {
  test("is granted like any other address, and keeps nobody out", () => {
    const addresses = [address("203.0.113.2")];
    const [copy, original] = [
      affiliate(2, { address: address("fd00:0:0:2::9") }, { addresses }),
      affiliate(9),
    ];
    const specs = peerSpecs([copy, original], own, new Map([[original.nodeId, up()]]));
    expect(ownerOf(specs, "fd00:0:0:2::9")).toBe("node-9");
    expect(ownerOf(specs, "203.0.113.2")).toBe("node-2");
    expect(specs.refused).toEqual([]);
    expect(specs.warnings).toEqual([
      {
        who: "node node-2",
        what: "does not get fd00:0:0:2::9/128: node-9 asks for it too and is connected",
      },
    ]);
  });
});

describe("a public key", () => {
  test("belongs to the member that stands better, not to the lower id", () => {
    const reason = "its public key is already that of node-9";
    const [copy, original] = [affiliate(2, { publicKey: key(9) }), affiliate(9)];
    const specs = peerSpecs([copy, original], own, new Map([[original.nodeId, up()]]));
    expect(specs.peers.map(({ label }) => label)).toEqual(["node-9"]);
    expect(specs.refused).toEqual([{ nodeId: copy.nodeId, label: "node-2", reason }]);
    expect(specs.warnings).toEqual([{ who: "node node-2", what: `is no peer: ${reason}` }]);
  });
});

const claims = fc.array(
  fc.record({
    nodeId: fc.constantFrom("a", "b", "c", "d"),
    last: fc.nat(31),
    bits: fc.integer({ min: 27, max: 32 }),
    isAddress: fc.boolean(),
  }),
  { maxLength: 14 },
);
const anyStanding = fc.record({
  isConnected: fc.boolean(),
  isConfirmed: fc.boolean(),
  isNamed: fc.boolean(),
  announcedAt: fc.nat(3),
  sinces: fc.array(fc.tuple(fc.nat(31), fc.integer({ min: 27, max: 32 }), fc.nat(3)), { maxLength: 4 }),
});
const standings = fc.dictionary(fc.constantFrom("a", "b", "c", "d"), anyStanding).map(
  (all) =>
    new Map(
      Object.entries(all).map(([nodeId, { sinces, ...rest }]): [string, Standing] => [
        nodeId,
        {
          ...rest,
          claimedSince: new Map(sinces.map(([last, bits, time]) => [prefix(`10.0.0.${last}/${bits}`), time])),
        },
      ]),
    ),
);
const claimed = claims.map((list) => {
  const unique = new Map<string, Claim>();
  for (const { nodeId, last, bits, isAddress } of list) {
    const isHost = bits === 32 && isAddress;
    const claim: Claim = { nodeId, label: nodeId, prefix: prefix(`10.0.0.${last}/${bits}`) };
    unique.set(`${nodeId} ${claim.prefix}`, { ...claim, ...(isHost && { isAddress: true as const }) });
  }
  return [...unique.values()];
});

/** Of the 32 addresses from 10.0.0.0 on. */
const owners = (asked: readonly Claim[], of: Standings): (string | undefined)[] => {
  const { grants } = grantClaims(asked, of);
  return Array.from({ length: 32 }, (_, last) => {
    const host = prefix(`10.0.0.${last}/32`);
    const holders = [...grants].filter(([, grant]) => intersect(grant.prefixes, [host]).length > 0);
    expect(holders.length).toBeLessThan(2);
    return holders[0]?.[0];
  });
};

describe("for any claims and standings", () => {
  test("each address that anybody asks for has exactly one owner, in whatever order claims are heard", () => {
    fc.assert(
      fc.property(claimed, standings, fc.nat(), (asked, of, turn) => {
        const found = owners(asked, of);
        found.forEach((owner, last) => {
          const host = prefix(`10.0.0.${last}/32`);
          expect(owner !== undefined).toBe(asked.some((claim) => prefixWithin(host, claim.prefix)));
        });
        const at = asked.length === 0 ? 0 : turn % asked.length;
        expect(owners([...asked.slice(at), ...asked.slice(0, at)].toReversed(), of)).toEqual(found);
      }),
    );
  });

  test("a member that comes or goes moves only what it contests, and moves it back when it was not long away", () => {
    fc.assert(
      fc.property(claimed, standings, (asked, of) => {
        const before = owners(asked, of);
        const changed = new Map(of);
        const ofA = of.get("a");
        changed.set("a", { ...(ofA ?? down(0)), isConnected: !(ofA?.isConnected ?? false) });
        const after = owners(asked, changed);
        after.forEach((owner, last) => {
          if (owner === before[last]) return;
          const host = prefix(`10.0.0.${last}/32`);
          const ofAHere = asked.filter(
            ({ nodeId, prefix: each }) => nodeId === "a" && prefixWithin(host, each),
          );
          const isContested = ofAHere.some((mine) =>
            asked.some((other) => other.nodeId !== "a" && other.prefix === mine.prefix),
          );
          expect(isContested).toBe(true);
        });
        expect(owners(asked, of)).toEqual(before);
      }),
    );
  });
});

describe("specs made before", () => {
  const quiet: Affiliate[] = Array.from({ length: 50 }, (_, index) =>
    affiliate(index + 2, { additionalAddresses: [prefix(`10.1.${index}.0/24`)] }),
  );
  const rivals = [70, 71].map((number) => affiliate(number, { additionalAddresses: [network] }));
  const announced = claimsOf([...quiet, ...rivals]);

  test("are kept when a member that contests nothing comes up or announces itself", () => {
    const before = specify(announced, own, new Map());
    const standing = new Map(quiet.map(({ nodeId }, index) => [nodeId, up({ announcedAt: index })]));
    expect(specify(announced, own, standing, before)).toBe(before);
  });

  test("are made anew when one that does comes up, and kept when its age alone changes", () => {
    const before = specify(announced, own, new Map());
    const standing = new Map([[rivals[1]?.nodeId ?? "", up()]]);
    const after = specify(announced, own, standing, before);
    expect(ownerOf(after.specs, "10.244.7.1")).toBe("node-71");
    const later = new Map([[rivals[1]?.nodeId ?? "", up({ announcedAt: 7 })]]);
    expect(specify(announced, own, later, after)).toBe(after);
  });
});
