import { parseArgs } from "node:util";
import { median, percentile, printReport, progress, type Row } from "../bench/report.ts";
import { type Moment, type Outcome, type Policy, policies, type Scenario, simulate } from "./world.ts";

/**
 * Meshes of many sizes on a simulated internet, in virtual time: how long until their pairs are up, and what it costs,
 * by racing, by serial attempts, and by the reference's policy, on the same hosts. `--seed` replays a run; `--seeds`
 * makes as many from there on, each another world.
 */
const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    seed: { type: "string", default: "1" },
    seeds: { type: "string", default: "3" },
    nodes: { type: "string", default: "10,30,100,300,1000,3000,10000" },
    policies: { type: "string", default: policies.join() },
    loss: { type: "string", default: "0.02" },
    /** The share of members that are made up. */
    hostile: { type: "string", default: "0" },
    /** Above this many nodes a sample of the pairs is simulated. */
    full: { type: "string", default: "150" },
    sample: { type: "string", default: "5000" },
  },
});
const limits: Readonly<Record<Policy, number>> = { race: 120_000, serial: 300_000, reference: 600_000 };

/** The interval in milliseconds at which a long simulation says how far it is. */
const sayEachMs = 20_000;

const first = Number(values.seed);
const seeds = Array.from({ length: Number(values.seeds) }, (_, index) => first + index);

function scenarioOf(seed: number, nodes: number, policy: Policy): Scenario {
  const pairs = nodes > Number(values.full) ? Number(values.sample) : Number.POSITIVE_INFINITY;
  return {
    seed,
    nodes,
    policy,
    pairs,
    loss: Number(values.loss),
    hostile: Number(values.hostile),
    limit: limits[policy],
  };
}

/** The time at which this share of the connectable pairs was up, in milliseconds; infinite if it never was. */
function upAfter(share: number, { connectable, upAt }: Outcome): number {
  return percentile(
    [...upAt, ...Array.from<number>({ length: connectable - upAt.length }).fill(Infinity)],
    share,
  );
}

const seconds = (ms: number): string => (Number.isFinite(ms) ? (ms / 1000).toFixed(1) : "never");

function rowOf(nodes: number, policy: Policy, outcomes: readonly Outcome[]): Row {
  const middle = (of: (outcome: Outcome) => number): number => median(outcomes.map(of));
  const worst = Math.max(...outcomes.map((outcome) => upAfter(1, outcome)));
  return {
    nodes,
    policy,
    pairs: middle(({ pairs }) => pairs),
    "up %": Math.min(...outcomes.map(({ upAt, connectable }) => (100 * upAt.length) / connectable)).toFixed(
      2,
    ),
    "50 % s": seconds(middle((outcome) => upAfter(0.5, outcome))),
    "99 % s": seconds(middle((outcome) => upAfter(0.99, outcome))),
    "100 % s": `${seconds(middle((outcome) => upAfter(1, outcome)))} (${seconds(worst)})`,
    "initiations/pair": middle(({ initiations, pairs }) => initiations / pairs).toFixed(1),
    "most/s": Math.max(...outcomes.map(({ mostAttempts }) => mostAttempts)),
    "packets/s": Math.max(...outcomes.map(({ mostPackets }) => mostPackets)),
    lost: Math.max(...outcomes.map(({ losses }) => losses)),
    updates: `${middle(({ updates }) => updates.own)} + ${middle(({ updates }) => updates.observed)}`,
  };
}

function outcomeOf(scenario: Scenario): Outcome {
  const { seed, nodes, policy } = scenario;
  const began = performance.now();
  let said = began;
  const watch = ({ elapsed, up, connectable }: Moment): void => {
    if (performance.now() - said < sayEachMs) return;
    said = performance.now();
    progress(`  ${nodes} nodes, ${policy}: ${up} of ${connectable} pairs up after ${seconds(elapsed)} s`);
  };
  const outcome = simulate({ ...scenario, watch });
  const took = ((performance.now() - began) / 1000).toFixed(1);
  progress(`${nodes} nodes, ${policy}, seed ${seed}: ${took} s of computing`);
  for (const pair of outcome.missing.slice(0, 5)) progress(`  not connected: ${pair}`);
  return outcome;
}

const rows: Row[] = [];
for (const nodes of values.nodes.split(",").map(Number))
  for (const policy of policies.filter((each) => values.policies.split(",").includes(each)))
    rows.push(
      rowOf(
        nodes,
        policy,
        seeds.map((seed) => outcomeOf(scenarioOf(seed, nodes, policy))),
      ),
    );
printReport({
  name: `simulated mesh, ${seeds.length === 1 ? `seed ${first}` : `seeds ${first} to ${seeds.at(-1)}`}`,
  repetitions: seeds.length,
  rows,
  notes: [
    `Pairs: all of up to ${values.full} nodes, above that a sample of ${values.sample}, which does not compete for the budget.`,
    "Medians of the seeds; of the last pair (100 %) the worst in brackets, and of up %, most/s and lost the worst.",
    "up %: of the pairs that can connect at all (without harvest, as in the reference's default, that is fewer).",
    "Seconds from the first start; all nodes start within 2 s. initiations: packets, one for each candidate of a race round.",
    "most/s: attempts of one node in one second. lost: peers that were up and then were not.",
    "updates: to the discovery service, of the node itself and of others it sees; each goes to all nodes.",
  ],
});
