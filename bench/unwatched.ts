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
 * their differences tell more than absolute figures of one after the other.
 */
const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    peers: { type: "string", default: "1000" },
    windows: { type: "string", default: "10" },
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
  readonly node: LabNode;
  readonly daemon: Record<string, unknown>;
  readonly program?: string;
}

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

async function measure(lab: Lab): Promise<Row[]> {
  const [network, cluster] = [await lab.network("wan"), newCluster()];
  const service = await lab.node("service");
  await service.attach(network, "10.0.0.2/24");
  const mesh = await FakeMesh.start(service, cluster, false);
  try {
    const metrics = { listen: "127.0.0.1:9586" };
    const candidates: Candidate[] = [];
    const add = async (name: string, daemon: Record<string, unknown>, program?: string): Promise<void> => {
      const node = await lab.node(`node-${candidates.length}`);
      await node.attach(network, `10.0.0.${10 + candidates.length}/24`);
      await node.defaultRoute("10.0.0.2"); // this gateway forwards nothing
      candidates.push({ name, node, daemon, ...(program !== undefined && { program }) });
    };
    await add("neither", {});
    await add("metrics", { metrics });
    await add("metrics and page", { metrics: { ...metrics, page: true } });
    if (values.base !== undefined) await add("other build", {}, values.base);
    await mesh.tell({ from: 0, count: peers - candidates.length + 1, generation: 0 });
    const options: ConfigOptions = { cluster, services: ["http://10.0.0.2:3000/"] };
    for (const { node, daemon, program } of candidates) await node.start({ ...options, daemon }, program);
    for (const { node } of candidates)
      await waitFor(
        async () => (await node.run("wg", "show", "kubespan", "peers")).trim().split("\n").length === peers,
        { what: "all peers" },
      );
    return await sideBySide(candidates);
  } finally {
    await mesh.stop();
  }
}

async function sideBySide(candidates: readonly Candidate[]): Promise<Row[]> {
  await delay(settle * 1000);
  const seen = candidates.map(() => ({ own: [] as number[], tools: [] as number[] }));
  for (let number = 0; number < windows; number++) {
    const before = candidates.map(({ node }) => costNow(node.daemon.pid));
    await delay(window * 1000);
    for (const [index, { node }] of candidates.entries()) {
      const [now, then] = [costNow(node.daemon.pid), before[index] ?? { own: 0, tools: 0 }];
      seen[index]?.own.push(((now.own - then.own) / window) * 100);
      seen[index]?.tools.push(((now.tools - then.tools) / window) * 100);
    }
    progress(`${number + 1} of ${windows}: ${seen.map(({ own }) => own.at(-1)?.toFixed(3)).join(" ")}`);
  }
  const reference = seen[0];
  return candidates.map(({ name }, index) => {
    const { own = [], tools = [] } = seen[index] ?? {};
    const more = own.map((each, at) => each - (reference?.own[at] ?? Number.NaN));
    return {
      peers,
      daemon: name,
      "idle %": mean(own).toFixed(3),
      ratio: (mean(own) / mean(reference?.own ?? [])).toFixed(2),
      "more, points": index === 0 ? "" : mean(more).toFixed(3),
      "standard error": index === 0 ? "" : errorOf(more).toFixed(3),
      "tools %": mean(tools).toFixed(2),
    };
  });
}

const lab = await Lab.open();
try {
  printReport({
    name: "unwatched",
    repetitions: windows,
    rows: await measure(lab),
    notes: [
      `idle: processor time of the daemon in percent of one core, mean of ${windows} windows of ${window} s; tools: of what it runs.`,
      "more: than the daemon with neither metrics nor page in the same windows, in percent of one core, and the error of that mean.",
    ],
  });
} finally {
  await lab.close();
}
