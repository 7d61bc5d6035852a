import { pick, type Random } from "../random.ts";
import { distance, type Member, type RelayWorld, roundTrip } from "./world.ts";

export type MemberPair = readonly [Member, Member];

/** Which pairs have which relay, once all are connected. */
export interface Load {
  readonly pairs: number;
  readonly byRelay: ReadonlyMap<Member, readonly MemberPair[]>;
  /** The pairs for which none of the relays that they try has room. */
  readonly refused: number;
  /** The round trip of each pair as a multiple of a direct one. */
  readonly stretch: readonly number[];
}

/**
 * Connects all pairs that need a relay, one after the other: both ends race the relays that they chose, and the first
 * answer decides, by a relay that has room for one more pair.
 */
export function connectAll(world: RelayWorld, maxPairs: number, random: Random): Load {
  const byRelay = new Map<Member, MemberPair[]>(world.relays.map((relay) => [relay, []]));
  const at = new Map(world.relays.map((relay) => [relay.endpoint, relay]));
  const pairs = world.pairs(random);
  const stretch: number[] = [];
  let refused = 0;
  for (const pair of pairs) {
    const [one, other] = pick(random, 2) === 0 ? pair : [pair[1], pair[0]];
    const tried = [
      ...world.standIns(one).of(other.spec.publicKey),
      ...world.standIns(other).of(one.spec.publicKey),
    ].flatMap(({ endpoint }) => at.get(endpoint) ?? []);
    const free = tried.filter((relay) => (byRelay.get(relay)?.length ?? 0) < maxPairs);
    const answers = free.map((relay) => ({ relay, ms: roundTrip(pair, relay) * (1 + random() / 10) }));
    const [first] = answers.sort((left, right) => left.ms - right.ms);
    if (!first) {
      refused++;
      continue;
    }
    byRelay.get(first.relay)?.push(pair);
    stretch.push(roundTrip(pair, first.relay) / (2 * distance(one, other)));
  }
  return { pairs: pairs.length, byRelay, refused, stretch };
}
