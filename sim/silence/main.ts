import { parseArgs } from "node:util";
import { percentile, printReport, progress, type Row } from "../../bench/report.ts";
import type { Conditions } from "./path.ts";
import { type Flow, flows, type Silence, simulateSilence } from "./world.ts";

/**
 * A hub with many peers and two paths to each, in virtual time: how soon traffic is back after a path died silently, and
 * what paths that are merely bad cost in moves and handshakes.
 */
const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    seed: { type: "string", default: "1" },
    peers: { type: "string", default: "1000" },
    minutes: { type: "string", default: "2" },
  },
});
const [seed, peers, minutes] = [values.seed, values.peers, values.minutes].map(Number) as [
  number,
  number,
  number,
];

const burst = { lastsMs: 3_000, everyMs: 60_000 };
const bloat = { mostMs: 1_500, lastsMs: 20_000, everyMs: 60_000 };
const lossy: Conditions = { loss: 0.05 };

interface Bad {
  readonly name: string;
  readonly conditions: Conditions;
}

const bad: readonly Bad[] = [
  { name: "5 % loss", conditions: lossy },
  { name: "and bursts of 3 s each minute", conditions: { ...lossy, burst } },
  { name: "5 % loss, 1.5 s in a queue", conditions: { ...lossy, bloat } },
  { name: "all of it", conditions: { ...lossy, burst, bloat } },
];

const perMinute = (count: number): string => (count / peers / minutes).toFixed(2);

function movesOf({ moves, polls }: Silence, flow: Flow): string {
  const share = flows.length * (moves.get(flow) ?? 0);
  return polls.get(flow) === 0 ? "-" : perMinute(share / 2);
}

function badRow({ name, conditions }: Bad): Row {
  const lastsMs = minutes * 60_000;
  const outcome = simulateSilence({ seed, peers, flows, conditions, lastsMs, roundTripMs: 100 });
  progress(`${name}: done`);
  return {
    paths: name,
    ...Object.fromEntries(flows.map((flow) => [flow, movesOf(outcome, flow)])),
    handshakes: perMinute(outcome.handshakes),
    "most/s": outcome.mostInASecond,
    unreadable: `${((100 * outcome.unreadable) / outcome.data).toFixed(3)} %`,
    lost: outcome.losses,
  };
}

function deathRow(of: number, roundTripMs: number, loss: number): Row {
  const { healed, dead } = simulateSilence({
    seed,
    peers: 30,
    among: of,
    flows: ["pings"],
    conditions: { loss },
    lastsMs: 120_000,
    roundTripMs,
    death: { atMs: 90_000, every: 1 },
  });
  const seconds = (share: number): string => (percentile(healed, share) / 1000).toFixed(1);
  return {
    paths: `dies; ${of} peers, ${100 * loss} % loss, up to ${roundTripMs} ms`,
    "50 % s": seconds(0.5),
    "90 % s": seconds(0.9),
    "100 % s": seconds(1),
    "not back": dead - healed.length,
  };
}

printReport({
  name: `paths that go silent, simulated, seed ${seed}, ${peers} peers`,
  repetitions: 1,
  rows: [
    ...bad.map(badRow),
    ...[10, 100, 1_000].flatMap((of) => [
      deathRow(of, 100, 0),
      deathRow(of, 600, 0),
      deathRow(of, 100, 0.05),
    ]),
  ],
  notes: [
    "Moves of a peer in a minute, by what is sent to it; initiations of races to a peer in a minute, and of the busiest second.",
    "unreadable: data under keys that a handshake of a race had made the receiver forget. lost: peers that were found to be down.",
    "dies: seconds from the silent death of the path in use until a request that was sent after it was answered, of 30 peers.",
  ],
});
