import { parseArgs } from "node:util";
import { randomFrom } from "../sim/random.ts";
import { connectAll, RelayDeath, RelayWorld } from "../sim/relays/index.ts";
import { median, percentile, printReport, progress, type Row } from "./report.ts";

/**
 * Which relay which pair gets in a mesh of many nodes behind symmetric NATs, how often that changes, and what happens when a
 * relay with many pairs dies: the daemon's decisions, in virtual time. `--seed` replays a run.
 */
const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    seed: { type: "string", default: "1" },
    nodes: { type: "string", default: "1000" },
    /** The share behind symmetric NATs. */
    symmetric: { type: "string", default: "0.3" },
    /** The numbers of members that relay. */
    relays: { type: "string", default: "20,100,300" },
    /** `relay.maxPairs`, 0 for no limit. */
    "max-pairs": { type: "string", default: "0" },
    /** The pairs of the relay that dies. */
    watched: { type: "string", default: "500" },
    /** The minutes before it dies. */
    minutes: { type: "string", default: "10" },
  },
});

const seconds = (ms: number): string => (ms / 1000).toFixed(1);

function rowOf(relays: number): Row {
  const random = randomFrom(Number(values.seed));
  const nodes = Number(values.nodes);
  const world = new RelayWorld({ nodes, relays, symmetric: Number(values.symmetric), random });
  const load = connectAll(world, Number(values["max-pairs"]) || Number.POSITIVE_INFINITY, random);
  progress(`${relays} relays: ${load.pairs} pairs have got one`);
  const counts = [...load.byRelay.values()].map(({ length }) => length);
  const watched = Number(values.watched);
  const [relay, pairs] =
    [...load.byRelay]
      .toSorted(([, one], [, other]) => Math.abs(one.length - watched) - Math.abs(other.length - watched))
      .at(0) ?? [];
  if (!relay || !pairs) throw new Error("there is no relay");
  const death = new RelayDeath({
    world,
    relay,
    pairs: pairs.slice(0, watched),
    busy: 0.5,
    before: Number(values.minutes) * 60_000,
    after: 60_000,
    random,
  }).run();
  progress(`${relays} relays: one of them died`);
  return {
    relays,
    pairs: load.pairs,
    refused: load.refused,
    "pairs/relay": `${median(counts)} (${Math.max(...counts)})`,
    stretch: median(load.stretch).toFixed(2),
    "changes/h": ((death.changes * 60) / Number(values.minutes)).toFixed(1),
    "50 % s": seconds(percentile(death.busy, 0.5)),
    "99 % s": seconds(percentile(death.busy, 0.99)),
    "idle 99 % s": seconds(percentile(death.idle, 0.99)),
    lost: death.lost,
    "passed/s": death.mostPassed,
    got: death.mostPairs,
    "sent/s": death.mostSent,
  };
}

printReport({
  name: `relays of ${values.nodes} simulated nodes, seed ${values.seed}`,
  repetitions: 1,
  rows: values.relays.split(",").map(Number).map(rowOf),
  notes: [
    `${Number(values.symmetric) * 100} % of the nodes are behind symmetric NATs, and those need a relay for each other and for port-restricted ones.`,
    "pairs/relay: the median (and the most). refused: none of the relays that a pair tries has room.",
    "stretch: how many times longer the round trip by the relay is than the direct one would be, median.",
    `changes/h: of all ${values.watched} pairs of one relay together, in ${values.minutes} minutes in which nothing happens. Then it dies.`,
    "50 %, 99 %: seconds until pairs with data had a session by another relay. idle: pairs without data.",
    "passed/s, got: the busiest other relay: handshakes in one second, and pairs. sent/s: handshakes of one node.",
  ],
});
