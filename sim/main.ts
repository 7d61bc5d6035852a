import { parseArgs } from "node:util";
import { percentile, printReport, progress, type Row } from "../bench/report.ts";
import { type Outcome, type Policy, policies, type Scenario, simulate } from "./world.ts";

/**
 * Meshes of many sizes on a simulated internet, in virtual time: how long until their pairs are up, and what it costs,
 * by racing, by serial attempts, and by the reference's policy, on the same hosts. `--seed` replays a run.
 */
const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    seed: { type: "string", default: "1" },
    nodes: { type: "string", default: "10,30,100,300,1000,3000,10000" },
    policies: { type: "string", default: policies.join() },
    loss: { type: "string", default: "0.02" },
    /** Above this many nodes a sample of the pairs is simulated. */
    full: { type: "string", default: "150" },
    sample: { type: "string", default: "5000" },
  },
});
const limits: Readonly<Record<Policy, number>> = { race: 120_000, serial: 300_000, reference: 600_000 };

function scenarioOf(nodes: number, policy: Policy): Scenario {
  const pairs = nodes > Number(values.full) ? Number(values.sample) : Number.POSITIVE_INFINITY;
  return {
    seed: Number(values.seed),
    nodes,
    policy,
    pairs,
    loss: Number(values.loss),
    limit: limits[policy],
  };
}

function rowOf({ nodes, policy }: Scenario, outcome: Outcome): Row {
  const { connectable, pairs, upAt, initiations, updates, losses, mostAttempts } = outcome;
  const all = [...upAt, ...Array.from<number>({ length: connectable - upAt.length }).fill(Infinity)];
  const seconds = (share: number): string => {
    const ms = percentile(all, share);
    return Number.isFinite(ms) ? (ms / 1000).toFixed(1) : "never";
  };
  return {
    nodes,
    policy,
    pairs,
    "up %": ((100 * upAt.length) / connectable).toFixed(2),
    "50 % s": seconds(0.5),
    "99 % s": seconds(0.99),
    "100 % s": seconds(1),
    "initiations/pair": (initiations / pairs).toFixed(1),
    "most/s": mostAttempts,
    lost: losses,
    updates: `${updates.own} + ${updates.observed}`,
  };
}

const rows: Row[] = [];
for (const nodes of values.nodes.split(",").map(Number))
  for (const policy of policies.filter((each) => values.policies.split(",").includes(each))) {
    const scenario = scenarioOf(nodes, policy);
    const began = performance.now();
    const outcome = simulate(scenario);
    rows.push(rowOf(scenario, outcome));
    progress(`${nodes} nodes, ${policy}: ${((performance.now() - began) / 1000).toFixed(1)} s of computing`);
    for (const pair of outcome.missing.slice(0, 5)) progress(`  not connected: ${pair}`);
  }
printReport({
  name: `simulated mesh, seed ${values.seed}`,
  repetitions: 1,
  rows,
  notes: [
    `Pairs: all of up to ${values.full} nodes, above that a sample of ${values.sample}, which does not compete for the budget.`,
    "up %: of the pairs that can connect at all (without harvest, as in the reference's default, that is fewer).",
    "Seconds from the first start; all nodes start within 2 s. initiations: packets, one for each candidate of a volley.",
    "most/s: attempts of one node in one second. lost: peers that were up and then were not.",
    "updates: to the discovery service, of the node itself and of others it sees; each goes to all nodes.",
  ],
});
