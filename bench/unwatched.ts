import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { type ConfigOptions, Lab, type LabNode, newCluster, waitFor } from "../lab/index.ts";
import { FakeMesh } from "./peers/fake-mesh.ts";
import { costOf } from "./processor-time.ts";
import { printReport, progress, type Row } from "./report.ts";

/**
 * Measures what it costs the daemon that an operator could look, while nobody does: daemons with and without metrics and page,
 * and one of another build if there is one, run side by side in one mesh. Each minute has the same noise for all of them, so
 * their differences tell more than absolute figures of one after the other. They change places from round to round, as it
 * matters which of them is started first.
 */
const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    peers: { type: "string", default: "1000" },
    /** The windows of a round; there are as many rounds as daemons. */
    windows: { type: "string", default: "3" },
    /** The seconds of a window, and those before the first one. */
    window: { type: "string", default: "60" },
    settle: { type: "string", default: "60" },
    /** The launcher of another build. */
    base: { type: "string" },
  },
});
const [peers, windows, window, settle] = [values.peers, values.windows, values.window, values.settle].map(
  Number,
) as [number, number, number, number];

interface Candidate {
  readonly name: string;
  readonly daemon: Record<string, unknown>;
  readonly program?: string;
}

interface Placed extends Candidate {
  readonly node: LabNode;
}

const metrics = { listen: "127.0.0.1:9586" };
const candidates: readonly Candidate[] = [
  { name: "neither", daemon: {} },
  { name: "metrics", daemon: { metrics } },
  { name: "metrics and page", daemon: { metrics: { ...metrics, page: true } } },
  ...(values.base === undefined ? [] : [{ name: "other build", daemon: {}, program: values.base }]),
];

/** The processor seconds of a process: of its threads by the nanosecond, and of its tools by ticks of 10 ms. */
function costNow(pid: number): { readonly own: number; readonly tools: number } {
  const threads = readdirSync(`/proc/${pid}/task`).map((thread) =>
    Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]),
  );
  return { own: threads.reduce((sum, each) => sum + each, 0) / 1e9, tools: costOf(pid).tools };
}

const mean = (all: readonly number[]): number => all.reduce((sum, each) => sum + each, 0) / all.length;
/** The standard error of the mean. */
const errorOf = (all: readonly number[]): number =>
  Math.sqrt(all.reduce((sum, each) => sum + (each - mean(all)) ** 2, 0) / (all.length - 1) / all.length);

interface Shares {
  readonly own: number[];
  readonly tools: number[];
}
const seen = new Map<string, Shares>(candidates.map(({ name }) => [name, { own: [], tools: [] }]));

async function measure(lab: Lab, order: readonly Candidate[]): Promise<void> {
  const [network, cluster] = [await lab.network("wan"), newCluster()];
  const service = await lab.node("service");
  await service.attach(network, "10.0.0.2/24");
  const mesh = await FakeMesh.start(service, cluster, false);
  try {
    await mesh.tell({ from: 0, count: peers - order.length + 1, generation: 0 });
    const options: ConfigOptions = { cluster, services: ["http://10.0.0.2:3000/"] };
    const placed: Placed[] = [];
    for (const [index, candidate] of order.entries()) {
      const node = await lab.node(`node-${index}`);
      await node.attach(network, `10.0.0.${10 + index}/24`);
      await node.defaultRoute("10.0.0.2"); // this gateway forwards nothing
      await node.start({ ...options, daemon: candidate.daemon }, candidate.program);
      placed.push({ ...candidate, node });
    }
    for (const { node } of placed)
      await waitFor(
        async () => (await node.run("wg", "show", "kubespan", "peers")).trim().split("\n").length === peers,
        { what: "all peers" },
      );
    await sideBySide(placed);
  } finally {
    await mesh.stop();
  }
}

async function sideBySide(placed: readonly Placed[]): Promise<void> {
  await delay(settle * 1000);
  for (let number = 0; number < windows; number++) {
    const before = placed.map(({ node }) => costNow(node.daemon.pid));
    await delay(window * 1000);
    for (const [index, { node, name }] of placed.entries()) {
      const [now, then] = [costNow(node.daemon.pid), before[index] ?? { own: 0, tools: 0 }];
      seen.get(name)?.own.push(((now.own - then.own) / window) * 100);
      seen.get(name)?.tools.push(((now.tools - then.tools) / window) * 100);
    }
    progress(placed.map(({ name }) => `${name}: ${seen.get(name)?.own.at(-1)?.toFixed(3)}`).join(", "));
  }
}

for (let round = 0; round < candidates.length; round++) {
  const lab = await Lab.open();
  try {
    await measure(lab, [...candidates.slice(round), ...candidates.slice(0, round)]);
  } finally {
    await lab.close();
  }
}

const reference = seen.get("neither")?.own ?? [];
const rows = candidates.map(({ name }, index): Row => {
  const { own = [], tools = [] } = seen.get(name) ?? {};
  const more = own.map((each, at) => each - (reference[at] ?? Number.NaN));
  return {
    peers,
    daemon: name,
    "idle %": mean(own).toFixed(3),
    ratio: (mean(own) / mean(reference)).toFixed(2),
    "more, points": index === 0 ? "" : mean(more).toFixed(3),
    "standard error": index === 0 ? "" : errorOf(more).toFixed(3),
    "tools %": mean(tools).toFixed(2),
  };
});
printReport({
  name: "unwatched",
  repetitions: reference.length,
  rows,
  notes: [
    `idle: processor time of the daemon in percent of one core, mean of ${reference.length} windows of ${window} s; tools: of what it runs.`,
    "more: than the daemon with neither metrics nor page in the same windows, in percent of one core, and the error of that mean.",
  ],
});
