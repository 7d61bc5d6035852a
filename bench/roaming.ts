import { parseArgs } from "node:util";
import {
  AffiliateWatch,
  kubespan,
  Lab,
  type LabNode,
  newCluster,
  PingStream,
  publicNetwork,
} from "../lab/index.ts";
import type { Affiliate } from "../src/discovery/index.ts";
import { median, percentile, printReport, progress, type Row } from "./report.ts";
import { type Silent, silentPath } from "./roaming/silent-path.ts";

/*
 *   a 203.0.113.1   service and watcher .9   b .2, later others; and 198.51.100.2 on eth1
 *        |                  |                |                |
 *   =====+==================+================+===== internet  +===== second
 */

/**
 * Measures the time from a change in the kernel until a watcher of the discovery service sees the node's new address,
 * and until traffic to the node flows again.
 */
const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    repetitions: { type: "string", default: "7" },
    /** The launcher (bin/kubespan) of another tree that is built: what it takes stands beside what this one takes. */
    before: { type: "string" },
    /** Whether only a path that goes silent is measured. */
    silent: { type: "boolean", default: false },
  },
});
const repetitions = Number(values.repetitions);
const goalMs = 1_000;

interface Change {
  readonly name: string;
  /** Gives the shell commands of one repetition. */
  readonly commands: (turn: number) => string;
  readonly isKnown: (affiliate: Affiliate, turn: number) => boolean;
  /** Whether the change interrupts traffic. */
  readonly hurts?: true;
}

const moving = (turn: number): string => `203.0.113.${20 + turn}`;
const second = "198.51.100.2";
const has = ({ addresses }: Affiliate, address: string): boolean =>
  addresses.some((each) => each === address);
const isAnnounced = (affiliate: Affiliate, address: string): boolean =>
  has(affiliate, address) &&
  (affiliate.kubespan?.endpoints ?? []).some((each) => each.startsWith(`${address}:`));

const changes: readonly Change[] = [
  {
    name: "another address",
    commands: (turn) =>
      [
        `ip address add ${moving(turn)}/24 dev eth0`,
        `ip address delete ${moving(turn - 1)}/24 dev eth0`,
        // The other addresses of that network are deleted with its first one.
        `ip address replace ${moving(turn)}/24 dev eth0`,
        "ip route replace default via 203.0.113.9",
      ].join("; "),
    isKnown: (affiliate, turn) => isAnnounced(affiliate, moving(turn)) && !has(affiliate, moving(turn - 1)),
    hurts: true,
  },
  {
    name: "an address that goes",
    commands: () => `ip address delete ${second}/24 dev eth1`,
    isKnown: (affiliate) => !has(affiliate, second),
  },
  {
    name: "an address that comes",
    commands: () => `ip address add ${second}/24 dev eth1`,
    isKnown: (affiliate) => isAnnounced(affiliate, second),
  },
  {
    name: "a link that goes",
    commands: () => "ip link set eth1 down",
    isKnown: (affiliate) => !has(affiliate, second),
  },
  {
    name: "a link that comes",
    commands: () => "ip link set eth1 up",
    isKnown: (affiliate) => isAnnounced(affiliate, second),
  },
];

/** Runs the commands and gives the times at which the first began and the last ended, in milliseconds since 1970. */
async function make(node: LabNode, commands: string): Promise<{ began: number; ended: number }> {
  const printed = await node.run("sh", "-c", `date +%s%3N; ${commands}; date +%s%3N`);
  const [began, ended] = printed.split("\n").map(Number);
  return { began: began ?? Number.NaN, ended: ended ?? Number.NaN };
}

/** The times of one repetition in milliseconds. */
interface Times {
  readonly announced: number[];
  readonly healed: number[];
}

async function measure(lab: Lab): Promise<ReadonlyMap<Change, Times>> {
  const internet = await publicNetwork(lab);
  const [a, b] = [await internet.host("a", 1), await internet.host("b", 20)];
  await b.attach(await lab.network("second"), `${second}/24`);
  const cluster = newCluster();
  for (const node of [a, b]) await node.start({ cluster, services: [internet.discovery.url] });
  await Promise.all([a.daemon.waitForPeers("b"), b.daemon.waitForPeers("a")]);
  const watch = new AffiliateWatch(await internet.host("watcher", 8), internet.discovery.url, cluster);
  await watch.watch("a", "b");
  const pings = await PingStream.start(a, (await b.daemon.status()).node.address);
  const found = new Map<Change, Times>(changes.map((change) => [change, { announced: [], healed: [] }]));
  for (let turn = 1; turn <= repetitions; turn++)
    for (const [change, { announced, healed }] of found) {
      const { began, ended } = await make(b, change.commands(turn));
      const told = await watch.toldOf("b", began, (affiliate) => change.isKnown(affiliate, turn));
      announced.push(told - began);
      if (change.hurts) healed.push((await pings.answeredAfter(ended)) - began);
      progress(`${turn} of ${repetitions}, ${change.name}: ${announced.at(-1)} ms ${healed.at(-1) ?? ""}`);
    }
  await pings.stop();
  return found;
}

const ms = (times: readonly number[]): string => median(times).toFixed(0);

/** The changes of a node's own network. */
async function changesOf(): Promise<ReadonlyMap<Change, Times>> {
  const lab = await Lab.open();
  try {
    return await measure(lab);
  } finally {
    await lab.close();
  }
}

const share = (all: readonly Silent[]): string =>
  `${(100 * median(all.map(({ busyShare }) => busyShare))).toFixed(2)} %`;

/** One of two paths goes silent, with this tree and the other one in turns. */
async function silence(): Promise<Row> {
  const found = { now: [] as Silent[], before: [] as Silent[] };
  for (let turn = 1; turn <= repetitions; turn++)
    for (const [tree, program] of [["now", kubespan] as const, ["before", values.before] as const]) {
      if (program === undefined) continue;
      const silent = await silentPath(program);
      found[tree].push(silent);
      const { healedMs, moves, busyShare } = silent;
      progress(
        `${turn} of ${repetitions}, silent, ${tree}: ${healedMs} ms, ${moves} moves, busy ${busyShare}`,
      );
    }
  const healed = found.now.map(({ healedMs }) => healedMs);
  const moves = Math.max(...found.now.map((each) => each.moves));
  const row: Row = {
    change: "a path that goes silent",
    "longest healed ms": Math.max(...healed).toFixed(0),
    "healed ms": ms(healed),
    "most moves": moves,
    "under pings": share(found.now),
  };
  if (values.before === undefined) return row;
  const ratios = healed.map((each, index) => each / (found.before[index]?.healedMs ?? Number.NaN));
  return {
    ...row,
    "before ms": ms(found.before.map(({ healedMs }) => healedMs)),
    "now : before": median(ratios).toFixed(2),
    "under pings before": share(found.before),
  };
}

const found = values.silent ? new Map<Change, Times>() : await changesOf();
const row = ([{ name }, { announced, healed }]: [Change, Times]): Row => ({
  change: name,
  "announced ms": ms(announced),
  "longest ms": Math.max(...announced),
  "within 1 s":
    percentile(announced, 1) <= goalMs
      ? "all"
      : `${announced.filter((time) => time <= goalMs).length} of ${announced.length}`,
  "healed ms": healed.length === 0 ? "-" : ms(healed),
  "announced : healed":
    healed.length === 0
      ? "-"
      : median(announced.map((time, index) => time / (healed[index] ?? Number.NaN))).toFixed(2),
});
printReport({
  name: "roaming",
  repetitions,
  rows: [...[...found].map(row), await silence()],
  notes: [
    "From the first command that changes the node's network to a watcher of the discovery service that is told (announced), and",
    "to the first answered ping through the mesh that was sent after the change (healed). Medians; ratios are of the same turn.",
  ],
});
