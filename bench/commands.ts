import { spawn } from "node:child_process";
import { once } from "node:events";
import { parseArgs } from "node:util";
import { bound } from "../lab/bound.ts";
import {
  type Cluster,
  type ConfigOptions,
  configFile,
  kubespan,
  Lab,
  type LabNode,
  newCluster,
  waitFor,
} from "../lab/index.ts";
import { FakeMesh } from "./peers/fake-mesh.ts";
import { median, printReport, progress, type Row } from "./report.ts";

/**
 * Measures how long an operator waits for each command that asks a daemon, by the number of its peers. One of them is a real
 * node that is up; nobody stands behind the others. All commands take turns, so that the machine is the same for each.
 */
const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    peers: { type: "string", default: "10,100,1000" },
    repetitions: { type: "string", default: "15" },
  },
});
const repetitions = Number(values.repetitions);

/** The commands: those about this node, and those that ask others, which have to print something soon. */
const commands = [
  ["", "--version"],
  ["node", "status"],
  ["node", "status", "other"],
  ["node", "status", "-o", "json"],
  ["node", "get", "peerstatuses"],
  ["node", "get", "members", "-o", "json"],
  ["node", "get", "endpoints", "-o", "wide"],
  ["node", "get", "peerspecs", "-o", "yaml"],
  ["node", "ping", "other", "--count", "1"],
  ["node", "why", "10.0.0.3"],
  ["node", "netcheck"],
  ["node", "inspect", "dependencies"],
  ["node", "graph", "--own", "-o", "svg"],
  ["node", "bugreport", "--file"],
  ["node", "bugreport", "--anonymise", "--file"],
  ["mesh", "matrix"],
  ["mesh", "graph", "-o", "dot"],
  ["mesh", "graph", "-o", "svg"],
  ["mesh", "connectivity", "test"],
] as const;
/** The exit codes with which such a command has done its work: 18 and 19 tell that the network is not as it should be. */
const done = [0, 18, 19];

interface Times {
  readonly firstLine: number;
  readonly end: number;
}

/** The milliseconds until a command has printed a line, and until it has ended. */
async function timed(node: LabNode, about: string, words: readonly string[]): Promise<Times> {
  const options = about === "" ? [] : ["--config", configFile];
  const file = words.at(-1) === "--file" ? [`/run/report-${process.hrtime.bigint()}.tar.gz`] : [];
  const begin = performance.now();
  const argv = bound(...node.namespace.enter([kubespan, ...words, ...file, ...options]));
  const child = spawn(...argv, { stdio: ["ignore", "pipe", "ignore"] });
  let firstLine: number | undefined;
  child.stdout?.on("data", (bytes: Buffer) => {
    if (bytes.includes(10)) firstLine ??= performance.now() - begin;
  });
  const [code] = (await once(child, "close")) as [number];
  const end = performance.now() - begin;
  if (firstLine === undefined || !done.includes(code))
    throw new Error(`kubespan ${words.join(" ")} ended with ${code}`);
  return { firstLine, end };
}

async function measure(peers: number): Promise<Row[]> {
  const lab = await Lab.open();
  try {
    const [network, cluster] = [await lab.network("wan"), newCluster()];
    const [node, service, other] = [
      await lab.node("node"),
      await lab.node("service"),
      await lab.node("other"),
    ];
    await node.attach(network, "10.0.0.1/24");
    await service.attach(network, "10.0.0.2/24");
    await other.attach(network, "10.0.0.3/24");
    for (const each of [node, other]) await each.defaultRoute("10.0.0.2"); // this gateway forwards nothing
    return await measureIn(node, service, other, cluster, peers);
  } finally {
    await lab.close();
  }
}

async function measureIn(
  node: LabNode,
  service: LabNode,
  other: LabNode,
  cluster: Cluster,
  peers: number,
): Promise<Row[]> {
  const mesh = await FakeMesh.start(service, cluster, false);
  try {
    progress(`${peers} peers`);
    const options: ConfigOptions = { cluster, services: ["http://10.0.0.2:3000/"] };
    await other.start(options);
    await node.start(options);
    await node.daemon.waitForPeers("other");
    await mesh.tell({ from: 0, count: peers - 1, generation: 0 });
    for (const each of [node, other])
      await waitFor(async () => (await each.daemon.status()).peers.length === peers, { what: "all peers" });
    const all = commands.map(([about, ...words]) => ({ about, words, times: [] as Times[] }));
    for (let turn = 0; turn < repetitions; turn++)
      for (const { about, words, times } of all) times.push(await timed(node, about, words));
    const reference = median(all[0]?.times.map(({ end }) => end) ?? []);
    return all.map(({ about, words, times }) => {
      const [first, end] = [times.map(({ firstLine }) => firstLine), times.map((each) => each.end)];
      return {
        peers,
        about,
        command: words.join(" "),
        "first line, ratio": (median(first) / reference).toFixed(1),
        "first line ms": Math.round(median(first)),
        "longest ms": Math.round(Math.max(...first)),
        "end, ratio": (median(end) / reference).toFixed(1),
        "end ms": Math.round(median(end)),
        "latest end ms": Math.round(Math.max(...end)),
      };
    });
  } finally {
    await mesh.stop();
  }
}

const rows: Row[] = [];
for (const peers of values.peers.split(",")) rows.push(...(await measure(Number(peers))));
printReport({
  name: "commands",
  repetitions,
  rows,
  notes: [
    "first line, end: from starting the process to a line on its standard output, and to its end, median; longest, latest: the worst of all.",
    "ratio: to the end of `kubespan --version`, median, in the same run.",
    "about: commands about this node have to end within 1 s at 1,000 peers; those about the mesh have to print a line within 1 s.",
  ],
});
