import { mkdir, writeFile } from "node:fs/promises";
import { execa } from "execa";
import { Lab } from "../lab/index.ts";
import { Host, type Path, type Sample } from "./marking/host.ts";
import { baseline, layouts as known, type Layout, yardstick } from "./marking/layouts.ts";
import { type Options, readOptions, usage } from "./marking/options.ts";
import { type Family, families, hits, misses } from "./marking/peers.ts";
import { type Line, plot } from "./marking/plot.ts";
import { median, percentile, printCsv, printReport, progress, type Report, type Row } from "./report.ts";

/**
 * Measures the cost of leading a packet into the mesh, or past it, with many peers: our table against other layouts.
 */
function optionsOrEnd(): Options {
  try {
    const found = readOptions(process.argv.slice(2));
    if (found) return found;
    process.stdout.write(usage);
    process.exit(0);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)} (see --help)\n`);
    process.exit(2);
  }
}

const options = optionsOrEnd();
const { repetitions } = options;
const layouts = [...known, ...options.own];

interface Case {
  readonly path: Path;
  readonly family: Family;
  readonly kind: "hit" | "miss";
}

const cases: readonly Case[] = (["output", "forward"] as const).flatMap((path) =>
  (["hit", "miss"] as const).flatMap((kind) => families.map((family) => ({ path, kind, family }))),
);

const caseText = ({ path, kind, family }: Case): string => `${path}, ${kind}, IPv${family}`;

const isInstalled = async (program: string): Promise<boolean> =>
  !(await execa(program, ["--version"], { reject: false })).failed;

async function usable(): Promise<Layout[]> {
  const found = await Promise.all(
    layouts.map(async ({ needs = [] }) => (await Promise.all(needs.map(isInstalled))).every(Boolean)),
  );
  return layouts.filter((_, index) => found[index]);
}

/**
 * The time per packet below which a quarter of the chunks lie. Interruptions by other programs, which slow most chunks,
 * do not count.
 */
const nanoseconds = (sample: Sample): number => percentile(sample.chunks, 0.25);

const targetsOf = ({ kind, family }: Case, peers: number): string[] =>
  kind === "hit" ? hits(family, peers) : misses(family);

/** Takes one sample. A sample whose packets leave by the wrong link, or not at all, is an error. */
async function sampleOf(host: Host, each: Case, peers: number): Promise<Sample> {
  const isSteered = each.kind === "hit" && !host.layout.name.startsWith(baseline);
  const link = isSteered ? "kubespan" : "sink";
  const before = await host.received(link);
  const sample = await host.send(each.path, each.family, targetsOf(each, peers), options);
  const seen = (await host.received(link)) - before;
  if (sample.failed > 0 || seen < sample.sent)
    throw new Error(
      `${host.layout.name}, ${caseText(each)}: ${seen} of ${sample.sent} packets took the right link`,
    );
  return sample;
}

const shifted = <Item>(items: readonly Item[], by: number): Item[] => [
  ...items.slice(by % items.length),
  ...items.slice(0, by % items.length),
];

type Samples = Map<string, Sample[]>;

/**
 * Measures all layouts, which exist at the same time and take turns within a second, so that whatever slows the machine
 * slows all of them.
 */
async function measure(peers: number, chosen: readonly Layout[]): Promise<Map<Case, Samples>> {
  const lab = await Lab.open();
  try {
    const hosts: Host[] = [];
    for (const layout of chosen) hosts.push(await Host.create(lab, layout, peers));
    const found = new Map<Case, Samples>(cases.map((each) => [each, new Map()]));
    for (let turn = 0; turn < repetitions; turn++) {
      progress(`${peers} peers, turn ${turn + 1} of ${repetitions}`);
      for (const each of cases)
        for (const host of shifted(hosts, turn)) {
          const sample = await sampleOf(host, each, peers);
          const { name } = host.layout;
          found.get(each)?.set(name, [...(found.get(each)?.get(name) ?? []), sample]);
        }
    }
    return found;
  } finally {
    await lab.close();
  }
}

/** The packets a second in relation to another layout, turn by turn: 1 is as fast, 0.5 half as fast. */
const ratios = (of: readonly Sample[], against: readonly Sample[]): number[] =>
  of.map((sample, turn) => nanoseconds(against[turn] ?? sample) / nanoseconds(sample));

const spread = (numbers: readonly number[]): string =>
  `${median(numbers).toFixed(2)} (${Math.min(...numbers).toFixed(2)} to ${Math.max(...numbers).toFixed(2)})`;

function rowsOf(peers: number, each: Case, samples: Samples): Row[] {
  return [...samples].map(([layout, own]) => ({
    case: caseText(each),
    peers,
    layout,
    kpps: Math.round(1e6 / median(own.map(nanoseconds))),
    [`of ${baseline}`]: spread(ratios(own, samples.get(baseline) ?? own)),
    [`of ${yardstick}`]: spread(ratios(own, samples.get(yardstick) ?? own)),
    "p50 us": (
      percentile(
        own.flatMap(({ single }) => single),
        0.5,
      ) / 1000
    ).toFixed(1),
    "p99 us": (
      percentile(
        own.flatMap(({ single }) => single),
        0.99,
      ) / 1000
    ).toFixed(1),
  }));
}

interface Measured {
  readonly peers: number;
  readonly each: Case;
  readonly samples: Samples;
}

/** The lines of one panel: for each layout, the packets a second as a share of those without a table. */
function linesOf(measured: readonly Measured[]): Line[] {
  const names = [...new Set(measured.flatMap(({ samples }) => [...samples.keys()]))];
  return names
    .filter((name) => name !== baseline)
    .map((name) => ({
      name,
      points: measured.flatMap(({ peers, samples }) => {
        const [own, base] = [samples.get(name), samples.get(baseline)];
        return own && base ? [{ x: peers, y: median(ratios(own, base)) }] : [];
      }),
    }));
}

const picture = (measured: readonly Measured[]): string =>
  plot(
    "Packets a second against a host without a table, by number of peers",
    cases.map((each) => ({
      title: caseText(each),
      lines: linesOf(measured.filter((one) => one.each === each)),
    })),
  );

const chosen = await usable();
const measured: Measured[] = [];
for (const peers of options.peers)
  for (const [each, samples] of await measure(peers, chosen)) measured.push({ peers, each, samples });

const missing = layouts.filter((layout) => !chosen.includes(layout)).map(({ name }) => name);
const report: Report = {
  name: "marking",
  repetitions,
  rows: cases.flatMap((each) =>
    measured.filter((one) => one.each === each).flatMap(({ peers, samples }) => rowsOf(peers, each, samples)),
  ),
  notes: [
    `Ethernet frames of ${options.frameBytes} bytes with IPv4, and of ${options.frameBytes + 20} with IPv6.`,
    ...layouts.map(({ name, tellApart }) => `${name}: ${tellApart}.`),
    "kpps: thousands of packets a second of one sender on one core, which includes the sender's own cost. The ratios are of packets a second, median (smallest to largest) of turns in which all layouts were measured within a second or two.",
    "p50, p99: microseconds until send() is back, with the packet's way through the host done.",
    "A miss must not cost more with more peers; a hit goes to another link by another routing table, which costs by itself.",
    ...(missing.length > 0
      ? [
          `Not measured, for lack of programs: ${missing.join(", ")} (scripts/install-packages ipset iptables).`,
        ]
      : []),
  ],
};
if (options.write !== undefined) {
  await mkdir(options.write, { recursive: true });
  await writeFile(`${options.write}/marking.svg`, picture(measured));
  await writeFile(`${options.write}/marking.json`, `${JSON.stringify(report, null, 2)}\n`);
}
if (options.form === "csv") printCsv(report);
else printReport(report);
