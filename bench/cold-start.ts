import { type ChildProcess, spawn } from "node:child_process";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { bound } from "../lab/bound.ts";
import { askedIn } from "./cold-start/first-answer.ts";
import { bareNode, type Cost, plainWireGuard } from "./cold-start/references.ts";
import { type Before, forget, meetOnce, rebooted, type Situation } from "./cold-start/situations.ts";
import { startedOn, withNotedTools } from "./cold-start/started-tools.ts";
import { costOf } from "./processor-time.ts";
import { median, printReport, progress, type Row } from "./report.ts";

/**
 * Measures a start: from both `kubespan run` of two nodes to the first answered ping between them, and what the daemons
 * and their tools use of the processor until then. Real daemons, wireguard-go and a discovery service run in namespaces.
 */
const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    runs: { type: "string", default: "7" },
    /** Whether the situations are measured again beside a busy process for each core. */
    busy: { type: "string", default: "yes" },
  },
});

interface Start {
  readonly wall: number;
  /** The processor seconds of a daemon and of its tools; the mean of both nodes. */
  readonly daemon: number;
  readonly tools: number;
}

async function start(before: Before, situation: Situation): Promise<Start> {
  const pair = await rebooted(before, situation);
  try {
    const [a, b] = pair.nodes;
    const answered = askedIn(a, before.addresses[1] ?? "");
    const startedAt = process.hrtime.bigint();
    const daemons = await Promise.all([a.start(pair.options), b.start(pair.options)]);
    const answeredAt = await answered;
    const costs = daemons.map(({ pid }) => costOf(pid));
    const mean = (of: "own" | "tools"): number =>
      costs.reduce((sum, cost) => sum + cost[of], 0) / costs.length;
    return { wall: Number(answeredAt - startedAt) / 1e9, daemon: mean("own"), tools: mean("tools") };
  } finally {
    await pair.lab.close();
  }
}

/** The programs that a daemon starts until the first answered ping, such as `ip 21, wg 6`. */
function toolsOf(before: Before, situation: Situation): Promise<string> {
  return withNotedTools(async () => {
    const pair = await rebooted(before, situation);
    try {
      const [a, b] = pair.nodes;
      const answered = askedIn(a, before.addresses[1] ?? "");
      await Promise.all([a.start(pair.options), b.start(pair.options)]);
      await answered;
      const started = [...startedOn(a)].toSorted(([, left], [, right]) => right - left);
      const total = started.reduce((sum, [, count]) => sum + count, 0);
      return `${total}: ${started.map(([name, count]) => `${name} ${count}`).join(", ")}`;
    } finally {
      await pair.lab.close();
    }
  });
}

/** Does something beside one busy process for each core. */
async function besideBusy<Value>(act: () => Promise<Value>): Promise<Value> {
  const busy: ChildProcess[] = cpus().map(() =>
    spawn(...bound(process.execPath, "-e", "for (;;);"), { stdio: "ignore" }),
  );
  try {
    return await act();
  } finally {
    for (const child of busy) child.kill("SIGKILL");
  }
}

interface References {
  readonly node: Cost;
  readonly wireguard: Cost;
}

async function measure(before: Before, situation: Situation, { node, wireguard }: References): Promise<Row> {
  const starts: Start[] = [];
  for (let run = 0; run < Number(values.runs); run++) starts.push(await start(before, situation));
  const middle = (of: (start: Start) => number): number => median(starts.map(of));
  const [wall, processor] = [middle((one) => one.wall), middle((one) => one.daemon + one.tools)];
  return {
    "first ping s": wall.toFixed(2),
    "of plain wg": (wall / wireguard.wall).toFixed(1),
    "CPU s a node": processor.toFixed(2),
    daemon: middle((one) => one.daemon).toFixed(2),
    tools: middle((one) => one.tools).toFixed(2),
    "of node -e 0": (processor / node.processor).toFixed(1),
  };
}

async function references(): Promise<References> {
  const plain: Cost[] = [];
  for (let run = 0; run < 5; run++) plain.push(await plainWireGuard());
  const middle = (of: keyof Cost): number => median(plain.map((cost) => cost[of]));
  return { node: bareNode(), wireguard: { wall: middle("wall"), processor: middle("processor") } };
}

const before = await meetOnce();
const rows: Row[] = [];
const notes: string[] = [];
try {
  const situations: Situation[] = ["registered", "known, no service"];
  for (const beside of values.busy === "no" ? ["nothing"] : ["nothing", "busy cores"]) {
    const act = async (): Promise<void> => {
      const compared = await references();
      const { node, wireguard } = compared;
      notes.push(
        `Beside ${beside}: node -e 0 ${node.wall.toFixed(3)} s, ${node.processor.toFixed(3)} CPU s; plain wg ${wireguard.wall.toFixed(2)} s, ${wireguard.processor.toFixed(2)} CPU s.`,
      );
      for (const situation of situations) {
        progress(`${situation}, beside ${beside}`);
        rows.push({ nodes: situation, beside, ...(await measure(before, situation, compared)) });
      }
    };
    await (beside === "nothing" ? act() : besideBusy(act));
  }
  for (const situation of situations)
    notes.push(`Programs started (${situation}) ${await toolsOf(before, situation)}.`);
} finally {
  await forget(before);
}
printReport({
  name: "cold-start",
  repetitions: Number(values.runs),
  rows,
  notes: [
    "Medians. first ping: from both `run` commands to the first answered ping, of 100 a second. CPU: of the daemon and",
    "its tools until then, without wireguard-go.",
    ...notes,
  ],
});
