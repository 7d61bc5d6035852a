import { describe, expect, test } from "vitest";
import type { Affiliate } from "../../../src/discovery/affiliate.ts";
import { linksOf, type Members, peerSpecs, standingsOf, stepMembers } from "../../../src/members/index.ts";
import type { ObservedPeer } from "../../../src/wireguard/index.ts";
import { address, affiliate, endpoint, key } from "../mesh/values.ts";
import { own } from "./own.ts";

const now = 1_700_000_000_000;
const second = 1_000;

/** Member N as WireGuard has it. */
const seen = (number: number, more: Partial<ObservedPeer> = {}): ObservedPeer => ({
  publicKey: key(number),
  allowedIPs: [],
  endpoint: endpoint(`198.51.100.${number}:51820`),
  handshakeAt: now,
  receivedBytes: 1_000,
  sentBytes: 1_000,
  keepaliveSeconds: 25,
  ...more,
});
const device = (...peers: readonly ObservedPeer[]) => ({
  peers: new Map(peers.map((peer) => [peer.publicKey, peer])),
});
const silent = (peers: readonly ObservedPeer[], down: readonly number[] = []): string[] =>
  [...linksOf(device(...peers), (each) => ({ isDown: down.map(key).includes(each) }))].flatMap(
    ([publicKey, link]) => (link.isSilent ? [publicKey] : []),
  );

describe("the tunnels that are silent", () => {
  test("are those of members that are down", () => {
    expect(silent([seen(2), seen(3)], [3])).toEqual([key(3)]);
  });
});

/** Two members that list the same address, and what happens to them one after the other. */
class Contest {
  /** When something was last received of each, where it is more than a handshake. */
  readonly heardAt = new Map<string, number>();
  readonly #claims: Affiliate[] = [];
  #members: Members = new Map();
  #now = now;
  #revision = 0;

  /** The members announce themselves one after the other. */
  constructor(...claims: readonly Affiliate[]) {
    for (const claim of claims) {
      this.#claims.push(claim);
      this.after(1, []);
    }
  }

  /** A member announces the same again, as it does when its daemon starts. */
  announceAgain(claim: Affiliate): void {
    const membership = { number: this.#now, startedAt: this.#now, machine: "", otherNetworks: [] };
    this.#claims[this.#claims.indexOf(claim)] = { ...claim, membership };
  }

  /** Who has the address, after that time and with these tunnels. */
  after(seconds: number, peers: readonly ObservedPeer[], down: readonly number[] = []): string | undefined {
    this.#now += seconds * second;
    const news = {
      revision: ++this.#revision,
      heard: this.#claims.map((claim) => ({ nodeId: claim.nodeId, sealed: claim })),
      links: linksOf(device(...peers), (each) => ({
        isDown: down.map(key).includes(each),
        heardAt: this.heardAt.get(each),
      })),
      leaving: new Map(),
      deletedNodes: new Set<string>(),
      mayBeAbsent: true,
      forgetAfterMs: 86_400_000,
    };
    this.#members = stepMembers(this.#members, news, this.#now).members;
    const { peers: specs } = peerSpecs(this.#claims, own, standingsOf(this.#members, this.#now));
    return specs.find(({ allowedIPs }) => allowedIPs.some((each) => each === "203.0.113.2/32"))?.label;
  }
}

const addresses = [address("203.0.113.2")];
const two = affiliate(2, {}, { addresses });
const three = affiliate(3, {}, { addresses });
const at = (number: number, seconds: number, more: Partial<ObservedPeer> = {}): ObservedPeer =>
  seen(number, { handshakeAt: now + seconds * second, ...more });

describe.each([
  { first: 2, next: 3, claims: [two, three] },
  { first: 3, next: 2, claims: [three, two] },
])("an address that node-$first had first and node-$next lists, too", ({ first, next, claims }) => {
  const [older, newer] = claims as [Affiliate, Affiliate];

  test("is the other's as soon as its holder is known to be down, and stays with it when the holder flaps", () => {
    const contest = new Contest(older, newer);
    expect(contest.after(598, [at(first, 600), at(next, 600)])).toBe(`node-${first}`);
    const known = [at(first, 600), at(next, 600)];
    expect(contest.after(30, known, [first])).toBe(`node-${next}`);
    for (const time of [640, 700, 760]) {
      const back = [at(first, time), at(next, time)];
      expect(contest.after(20, back)).toBe(`node-${next}`);
      expect(contest.after(20, back, [first])).toBe(`node-${next}`);
    }
  });

  test("stays with the other when its holder, that got it shortly before it was lost, is back with old news", () => {
    const contest = new Contest(older, newer);
    const both = [at(first, 0), at(next, 0)];
    contest.heardAt.set(key(first), now + 50 * second);
    expect(contest.after(60, both)).toBe(`node-${first}`);
    expect(contest.after(30, both, [first])).toBe(`node-${next}`);
    const back = [at(first, 100), at(next, 100)];
    expect(contest.after(10, back)).toBe(`node-${next}`);
    contest.announceAgain(older);
    expect(contest.after(1, back)).toBe(`node-${first}`);
  });

  test("is its holder's again that announced itself after the last that was heard of it, before it was missed", () => {
    const contest = new Contest(older, newer);
    const both = [at(first, 0), at(next, 0)];
    contest.heardAt.set(key(first), now + 50 * second);
    expect(contest.after(60, both)).toBe(`node-${first}`);
    contest.announceAgain(older);
    expect(contest.after(30, both, [first])).toBe(`node-${next}`);
    expect(contest.after(10, [at(first, 100), at(next, 100)])).toBe(`node-${first}`);
  });
});

test("a tunnel that was silent is not any more when something is received, and not before", () => {
  const contest = new Contest(two, three);
  const both = [at(2, 1), at(3, 1)];
  expect(contest.after(2, both)).toBe("node-2");
  expect(contest.after(3, both, [2])).toBe("node-3");
  // Both are silent: it is whose who announced itself last.
  expect(contest.after(3, both, [3])).toBe("node-3");
  expect(contest.after(3, [at(2, 1, { receivedBytes: 1_001 }), at(3, 1)], [3])).toBe("node-2");
});
