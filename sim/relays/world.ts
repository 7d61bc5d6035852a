import { createHash } from "node:crypto";
import { noDialRules } from "../../src/config/index.ts";
import { type Address, type Endpoint, PrefixIndex } from "../../src/net/index.ts";
import { type Connection, type PeerSpec, type StandIns, sortCandidates } from "../../src/peers/index.ts";
import { standInsFrom } from "../../src/relay/index.ts";
import type { ObservedDevice, ObservedPeer } from "../../src/wireguard/index.ts";
import { pick, type Random } from "../random.ts";

/** The kinds of NAT that decide who needs a relay, and who can be one. */
type NatKind = "open" | "port-restricted" | "symmetric" | "other";

export interface Member {
  readonly index: number;
  readonly nat: NatKind;
  readonly spec: PeerSpec;
  readonly endpoint: Endpoint;
  /** The distance from a corner of the world in milliseconds. */
  readonly east: number;
  readonly north: number;
}

export interface WorldOptions {
  readonly nodes: number;
  /** The number of members that relay. */
  readonly relays: number;
  /** The share of members behind symmetric NATs; of the others, as in `bench:sim`, a third has a port-restricted one. */
  readonly symmetric: number;
  readonly random: Random;
}

/** The width of the world, in milliseconds. */
const width = 70;
const [portRestricted, open] = [0.35, 0.47];

/** The members of a mesh and those of them that relay, which are reached from everywhere. */
export class RelayWorld {
  readonly members: readonly Member[];
  readonly relays: readonly Member[];
  readonly #standIns = new Map<string, StandIns | undefined>();

  constructor({ nodes, relays, symmetric, random }: WorldOptions) {
    const kindOf = (index: number): NatKind => {
      if (index < relays) return "open";
      if (index < relays + nodes * symmetric) return "symmetric";
      const share = random() * (1 - open);
      return share < portRestricted ? "port-restricted" : "other";
    };
    this.members = Array.from({ length: nodes }, (_, index) => memberOf(index, kindOf(index), random));
    this.relays = this.members.slice(0, relays);
  }

  /** The pairs that no direct path joins, in an order of chance. */
  pairs(random: Random): readonly (readonly [Member, Member])[] {
    const isApart = (one: Member, other: Member): boolean =>
      one.nat === "symmetric" && (other.nat === "port-restricted" || other.nat === "symmetric");
    const found = this.members.flatMap((one, index) =>
      this.members
        .slice(0, index)
        .filter((other) => isApart(one, other) || isApart(other, one))
        .map((other) => [one, other] as const),
    );
    for (let left = found.length - 1; left > 0; left--) {
      const other = pick(random, left + 1);
      const [one, two] = [found[left], found[other]];
      if (one && two) [found[left], found[other]] = [two, one];
    }
    return found;
  }

  /** What stands in for direct paths of a member, with the code of the daemon. `lost` answers no more. */
  standIns(
    of: Member,
    before?: StandIns,
    lost?: { readonly relay: Member; readonly seen: Connection },
  ): StandIns {
    const key = `${of.index} ${lost?.relay.index ?? ""}`;
    const known = this.#standIns.get(key);
    if (known) return known;
    const connections = new Map(
      this.relays.map((relay) => [
        relay.spec.publicKey,
        relay === lost?.relay ? lost.seen : upAt(relay, 2 * distance(of, relay)),
      ]),
    );
    const own = { publicKey: of.spec.publicKey, mayUse: true };
    const specs = this.relays.map(({ spec }) => spec);
    const found = standInsFrom(own, specs, connections, this.#device, before);
    if (!found) throw new Error("there is no relay");
    this.#standIns.set(key, found);
    return found;
  }

  get #device(): ObservedDevice {
    const peers = this.relays.map((relay) => [relay.spec.publicKey, entryOf(relay, relay.endpoint)] as const);
    return { listenPort: 51_820, firewallMark: 0x20, peers: new Map(peers) };
  }
}

export const distance = (one: Member, other: Member): number =>
  1 + Math.hypot(one.east - other.east, one.north - other.north);

/** The round trip of a pair by a relay, in milliseconds. */
export const roundTrip = ([one, other]: readonly [Member, Member], relay: Member): number =>
  2 * (distance(one, relay) + distance(relay, other));

export const entryOf = ({ spec }: Member, endpoint: Endpoint): ObservedPeer => ({
  publicKey: spec.publicKey,
  endpoint,
  allowedIPs: [],
  receivedBytes: 0,
  sentBytes: 0,
  keepaliveSeconds: 25,
});

function memberOf(index: number, nat: NatKind, random: Random): Member {
  const publicKey = createHash("sha256").update(`relayed ${index}`).digest("base64");
  const endpoint = `11.${index >> 8}.${index & 255}.1:51820` as Endpoint;
  const context = {
    nodeId: publicKey,
    ownAddresses: new Set<Address>(),
    ownNetworks: [],
    routed: new PrefixIndex<never>(),
    shared: new Set<Address>(),
    dial: noDialRules,
  };
  const spec: PeerSpec = {
    nodeId: publicKey,
    label: `node-${index}`,
    publicKey,
    address: "fd00::1" as Address, // of no matter here
    allowedIPs: [],
    refusedPrefixes: [],
    ...sortCandidates([endpoint], context),
    ...(nat === "open" && { relays: true as const }),
  };
  return { index, nat, spec, endpoint, east: width * random(), north: width * random() };
}

const upAt = ({ endpoint }: Member, roundTripMs: number): Connection => ({
  phase: "up",
  counters: { receivedBytes: 0, sentBytes: 0, receivedAt: 0 },
  received: { bytes: 0 },
  roundTrips: new Map([[endpoint, roundTripMs]]),
  path: undefined,
  attempt: undefined,
});
