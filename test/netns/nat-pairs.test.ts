import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  type ConfigOptions,
  Lab,
  type LabNode,
  newCluster,
  publicNetwork,
  waitFor,
} from "../../lab/index.ts";
import { fetchStatus } from "../../src/api/effects/index.ts";
import type { Status } from "../../src/api/index.ts";
import { type Kind, kinds, type Site, Sites } from "./nat-sites.ts";

/*
 *   left-none .10   service .9   relay .30   right-none .20
 *        |              |           |            |
 *   =====+==============+===========+============+========= internet 203.0.113.0/24, 2001:db8::/64
 *        |                                       |
 *   four routers .11 to .14                 four routers .21 to .24, and other places
 *        |                                       |
 *   a left node behind each                 a right node behind each
 *
 * The left nodes and the relay run all the time. Some right nodes at a time join, and leave again. docs/nat.md tells how
 * each pair did; KUBESPAN_WRITE_DOCS=1 writes it.
 */
type Way = "direct" | "relayed" | "carried";

/**
 * A right node: its row in the documentation, and the ways over which it and the left nodes reach each other, as far as
 * that is certain.
 */
interface Row extends Site {
  readonly title: string;
  readonly way: (left: Kind) => Way | undefined;
}

/** A pair of right nodes. */
interface Pair {
  readonly title: string;
  readonly names: readonly [string, string];
  readonly way: Way;
}

/** The way, and the milliseconds from the start of a node until it saw the other one up. */
interface Found {
  readonly way: Way;
  readonly upAfterMs: number;
}

/** The tables that were made so far, by the head of their first column. */
const tables = new Map<string, string>();
const document = fileURLToPath(new URL("../../docs/nat.md", import.meta.url));
/** The time for some nodes to join; that of one test would be too short where everything is slow. */
const joinMs = 360_000;
const runDirectory = "/run/kubespan";
/** The words for ways in the documentation. */
const words = { direct: "direct", relayed: "relay", carried: "service" } as const;
let lab: Lab;
let sites: Sites;
let options: ConfigOptions;
const left = new Map<Kind, LabNode>();

/** Who maps by destination is reached directly only by whom it may reach at any port. */
const wayBetween = (one: Kind, two: Kind): Way =>
  [one, two].includes("symmetric") && [one, two].every((kind) => /^(symmetric|port-restricted)$/.test(kind))
    ? "relayed"
    : "direct";

beforeAll(async () => {
  lab = await Lab.open();
  const internet = await publicNetwork(lab, { everywhere: true, relay: true });
  await internet.hub.address("eth0", "2001:db8::9/64");
  await internet.hub.run("ip", "route", "add", "11.0.0.0/24", "dev", "eth0");
  sites = new Sites(lab, internet);
  options = { cluster: newCluster(), services: [internet.discovery.url] };
  const relay = await sites.behind("relay", "none", 30);
  await relay.address("eth0", "2001:db8::30/64");
  await relay.namespace.sysctl("net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1");
  for (const [index, kind] of kinds.entries())
    left.set(kind, await sites.behind(`l${index}`, kind, 10 + index));
  // No other node relays, so that the table does not depend on who was seen to be reached from outside.
  await relay.start({ ...options, daemon: { relay: { serve: true } } });
  for (const node of left.values()) await node.start(withSettings({ node, options: byService }));
});

afterAll(() => lab.close());

/** The settings of a node that may be reached over the service. */
const byService = { daemon: { relay: { serve: false } } };

/**
 * Nodes that UDP can reach do without the service: on a slow machine it may answer before the relay, which takes over
 * some time later.
 */
const withSettings = ({ options: own }: Site): ConfigOptions => ({
  ...options,
  ...own,
  daemon: { relay: { serve: false, service: false }, ...own?.daemon },
});

/** Starts nodes, waits until each reaches the others by the ways that are expected, and takes them down again. */
async function join(rows: readonly Row[], pairs: readonly Pair[] = []): Promise<ReadonlyMap<string, Found>> {
  const found = new Map<string, Found>();
  const joined = rows.map(async (row) => {
    const expected = new Map<string, Way>();
    for (const [kind, { name }] of left) {
      const way = row.way(kind);
      if (way) expected.set(name, way);
    }
    for (const { names, way } of pairs) if (names[0] === row.node.name) expected.set(names[1], way);
    const ms = await reach(row, expected);
    for (const [name, way] of expected)
      found.set(`${row.node.name} ${name}`, { way, upAfterMs: ms.get(name) ?? Number.NaN });
  });
  await Promise.all(joined);
  return found;
}

/** Starts a node, and waits for these ways; gives the milliseconds after which each peer was up. */
async function reach(site: Site, expected: ReadonlyMap<string, Way>): Promise<ReadonlyMap<string, number>> {
  const { node } = site;
  const upAfterMs = new Map<string, number>();
  const isSo = ({ peers }: Status): boolean =>
    [...expected].every(([name, way]) =>
      peers.some((peer) => peer.label === name && peer.state === "up" && peer.way?.kind === way),
    );
  await node.start(withSettings(site));
  const begun = performance.now();
  const { peers } = await waitFor(
    async () => {
      // Without a process of `kubespan status` for each poll, of which some at a time would slow down what is measured.
      const status = await fetchStatus(node.namespace.path(runDirectory));
      for (const { label, state } of status.peers)
        if (state === "up" && !upAfterMs.has(label)) upAfterMs.set(label, performance.now() - begun);
      return isSo(status) && status;
    },
    {
      seconds: 300,
      pollMs: 400,
      what: `the ways of ${node.name} to ${[...expected].map((each) => each.join(" ")).join(", ")}`,
      describe: () => node.daemon.command("status").then(({ stdout }) => stdout),
    },
  );
  for (const { label, address } of peers)
    if (expected.has(label))
      await waitFor(() => node.reaches(address), { what: `an answer from ${label} to ${node.name}` });
  return upAfterMs;
}

const takeDown = (rows: readonly Row[]): Promise<unknown> =>
  Promise.all(
    rows.map(async ({ node }) => {
      await node.daemon.command("down");
      await node.daemon.ended();
    }),
  );

const cell = (found: Found | undefined): string =>
  found === undefined ? "?" : `${words[found.way]}, ${(found.upAfterMs / 1000).toFixed(1)} s`;

const lineOf = ({ title, node }: Row, found: ReadonlyMap<string, Found>): string =>
  `| ${[title, ...[...left.values()].map(({ name }) => cell(found.get(`${node.name} ${name}`)))].join(" | ")} |\n`;

const add = (head: string, ...lines: readonly string[]): unknown =>
  tables.set(head, (tables.get(head) ?? "") + lines.join(""));

/** Starts these nodes behind a NAT of each kind at the same time. */
async function joinKinds(some: readonly Kind[]): Promise<void> {
  const rows: Row[] = [];
  for (const kind of some) {
    const index = kinds.indexOf(kind);
    const node = await sites.behind(`r${index}`, kind, 20 + index);
    rows.push({ node, title: kind, way: (other) => wayBetween(kind, other) });
  }
  const found = await join(rows);
  add("", ...rows.map((row) => lineOf(row, found)));
  await takeDown(rows);
}

it(
  "nodes that let in more than what they asked for at that port reach everybody directly",
  () => joinKinds(["none", "full cone", "restricted"]),
  joinMs,
);

it(
  "nodes that let in no more reach each other by a third one where both cannot know the port",
  () => joinKinds(["port-restricted", "symmetric"]),
  joinMs,
);

it(
  "two NATs in a row, no UDP, and different families are no hindrance",
  async () => {
    const rows: readonly Row[] = [
      {
        ...(await sites.behindTwo("two", 40)),
        title: "two NATs, the outer one symmetric",
        way: (other) => wayBetween("symmetric", other),
      },
      { ...(await sites.withoutUdp("tcp", 41)), title: "no UDP", way: () => "carried" },
      { ...(await sites.ipv6Alone("six", 42)), title: "IPv6 alone", way: () => "carried" },
    ];
    // Where it reaches the relay over IPv6, that joins it to none who have IPv4 alone.
    const both: Row = { ...(await sites.bothFamilies("both", 43)), title: "", way: () => undefined };
    const byIPv6: Pair = { title: "IPv6 alone, and IPv6 beside IPv4", names: ["six", "both"], way: "direct" };
    const found = await join([...rows, both], [byIPv6]);
    add("place", ...rows.map((row) => lineOf(row, found)));
    add("two nodes", pairLine(byIPv6, found));
    await takeDown([...rows, both]);
  },
  joinMs,
);

it(
  "a port that the router leads joins any pair; behind one NAT it depends on what that sends back",
  async () => {
    const mapped: Row = {
      ...(await sites.withPortMapping("mapped", 50)),
      title: "symmetric, and the router leads a port (PCP)",
      way: () => "direct",
    };
    const around = (await sites.behindOne(["one", "other", "third"], 60)).map(
      (site): Row => ({ ...site, title: "", way: () => "direct" }),
    );
    const inside: readonly Pair[] = [
      { title: "one NAT, which sends packets back inside", names: ["one", "other"], way: "direct" },
      { title: "one NAT, which does not", names: ["third", "one"], way: "relayed" },
    ];
    const found = await join([mapped, ...around], inside);
    const endpoint = "11.0.0.50:51820";
    expect((await mapped.node.daemon.status()).node.portMapping).toMatchObject({
      state: "held",
      external: endpoint,
    });
    const seen = (await left.get("symmetric")?.daemon.status())?.peers.find(
      ({ label }) => label === "mapped",
    );
    expect(seen?.endpoint).toBe(endpoint);
    add("place", lineOf(mapped, found));
    add("two nodes", ...inside.map((pair) => pairLine(pair, found)));
  },
  joinMs,
);

const pairLine = ({ title, names }: Pair, found: ReadonlyMap<string, Found>): string =>
  `| ${title} | ${cell(found.get(names.join(" ")))} |\n`;

/** The lines of a table, without times. */
const verdicts = (text: string): string[] =>
  text.split("\n").map((line) => line.replaceAll(/, [\d.]+ s/g, ""));

it.each(["", "place", "two nodes"])('the documentation says so in the table of "%s"', async (head) => {
  const text = await readFile(document, "utf8");
  const pattern = new RegExp(String.raw`(?<=^\| *${head} *\|.*\n\|-.*\n)(\|.*\n)+`, "m");
  const table = pattern.exec(text)?.[0] ?? expect.fail("docs/nat.md has no such table");
  const made = tables.get(head) ?? "";
  const isWhole = made.split("\n").length === table.split("\n").length;
  if (process.env["KUBESPAN_WRITE_DOCS"] === "1" && isWhole)
    await writeFile(
      document,
      text.replace(table, () => made),
    );
  expect(verdicts(made)).toEqual(verdicts(table));
});
