import { afterAll, beforeAll, expect, it } from "vitest";
import {
  type ConfigOptions,
  type Discovery,
  Lab,
  type LabNode,
  newCluster,
  publicNetwork,
  waitFor,
} from "../../lab/index.ts";
import { isWell, judge, seriesOf } from "../unit/metrics/promtool.ts";

/*
 * Faults of real nodes, whose scraped metrics promtool judges by deploy/alerts.yaml. What was scraped stays as it is for two
 * hours there; of several scrapes each is a minute after the one before.
 *
 *   a .1   b .2   c .3   d .4: disabled   e .5: without UDP   service and relay .9
 *   ===+======+======+=======+================+===================+=== internet 203.0.113.0/24
 */
let lab: Lab;
let discovery: Discovery;
let a: LabNode;
let b: LabNode;
let c: LabNode;
let d: LabNode;
let e: LabNode;
let options: ConfigOptions;
/** What a says where all is well. */
let well = "";

const daemon = { metrics: { listen: "127.0.0.1:9586", peers: true } };
const script = `fetch("http://127.0.0.1:9586/metrics").then((r) => r.text()).then((t) => process.stdout.write(t));`;
const scraped = (node: LabNode): Promise<string> => node.run(process.execPath, "-e", script);

/** The sum of the series whose lines begin so. */
const sumOf = (text: string, start: string): number =>
  text
    .split("\n")
    .filter((line) => line.startsWith(start))
    .reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);

/** Waits for a scrape in which this is so. */
const scrapedWhen = (node: LabNode, start: string, isSo: (sum: number) => boolean): Promise<string> =>
  waitFor(
    async () => {
      const text = await scraped(node);
      return isSo(sumOf(text, start)) && text;
    },
    { what: `${start} on ${node.name}`, describe: () => scraped(node) },
  );

/** Sends something to a peer, so that its silence is noticed. */
async function sendTo(node: LabNode, name: string): Promise<void> {
  const { peers } = await node.daemon.status();
  await node.reaches(peers.find(({ label }) => label === name)?.address ?? expect.fail());
}

const lasting = 120;

/** Expects that these alerts fire, and no others, if this goes on, and that none does at once. */
const expectFiring = async (expositions: readonly string[], ...firing: readonly string[]): Promise<void> =>
  expect(
    await judge(seriesOf(expositions, lasting), [
      { minute: 0, firing: [] },
      { minute: expositions.length + lasting - 10, firing },
    ]),
  ).toEqual(isWell);

beforeAll(async () => {
  lab = await Lab.open();
  const network = await publicNetwork(lab, { relay: true });
  ({ discovery } = network);
  const { host } = network;
  [a, b, c] = [await host("a", 1), await host("b", 2), await host("c", 3)];
  [d, e] = [await host("d", 4), await host("e", 5)];
  options = { cluster: newCluster(), services: [discovery.url], daemon };
  for (const node of [a, b, c]) await node.start(options);
  await a.daemon.waitForPeers("b", "c");
  await b.daemon.waitForPeers("a", "c");
  well = await scrapedWhen(a, `kubespan_peers{state="up"}`, (up) => up === 2);
  await d.start({ ...options, mesh: { enabled: false } });
});

afterAll(() => lab.close());

it("none fires where all is well", async () => {
  await expectFiring([well]);
});

it("KubespanDisabled", async () => {
  const text = await scrapedWhen(d, `kubespan_work{state="disabled"}`, (disabled) => disabled === 1);
  await expectFiring([text], "KubespanDisabled");
});

it("KubespanRepairs: somebody removes the table, time and again", async () => {
  const texts = [await scraped(a)];
  for (let times = 1; times <= 5; times++) {
    await a.run("nft", "delete", "table", "inet", "talos_kubespan");
    texts.push(await scrapedWhen(a, `kubespan_repairs_total{part="table"}`, (repairs) => repairs >= times));
  }
  const minute = texts.length;
  expect(await judge(seriesOf(texts.slice(0, 3), 30), [{ minute: 10, firing: [] }])).toEqual(isWell);
  expect(await judge(seriesOf(texts, 60), [{ minute, firing: ["KubespanRepairs"] }])).toEqual(isWell);
});

it("KubespanPeersNotDirect: a node has no UDP, and its peers are carried to it", async () => {
  await e.namespace.nft(`table inet cage {
    chain output { type filter hook output priority filter; oifname "eth0" meta l4proto udp drop; }
    chain input { type filter hook input priority filter; iifname "eth0" meta l4proto udp drop; }
  }
  `);
  await e.start(options);
  const text = await scrapedWhen(e, `kubespan_peers_by_way{way="carried"}`, (carried) => carried === 3);
  await expectFiring([text], "KubespanPeersNotDirect");
  expect((await e.daemon.command("down")).exitCode).toBe(0);
});

it("KubespanNotWorking and KubespanPassesFail: nft of a node is broken", async () => {
  const before = await scraped(c);
  await c.run("sh", "-euc", `mount --bind /bin/false "$(readlink -f "$(command -v nft)")"`);
  const failures = `kubespan_pass_failures_total`;
  const text = await scrapedWhen(c, failures, (sum) => sum > sumOf(before, failures) + 6);
  expect(await judge(seriesOf([before, text], 20), [{ minute: 2, firing: ["KubespanPassesFail"] }])).toEqual(
    isWell,
  );
  await expectFiring([before, text], "KubespanNotWorking");
});

it("KubespanPeerDown: a peer is cut off", async () => {
  await c.run("ip", "link", "set", "eth0", "down");
  for (const node of [a, b]) await sendTo(node, "c");
  const text = await scrapedWhen(a, `kubespan_peers{state="up"}`, (up) => up === 1);
  await expectFiring([text], "KubespanPeerDown");
});

it("KubespanNoRegistry and KubespanRegistryAway: the service is away", async () => {
  await scrapedWhen(b, `kubespan_peers{state="up"}`, (up) => up === 1);
  await discovery.stop("SIGKILL");
  const text = await scrapedWhen(b, "kubespan_registry_connected{", (connected) => connected === 0);
  await expectFiring([text], "KubespanNoRegistry", "KubespanPeerDown", "KubespanRegistryAway");
});

it("KubespanPeerAbsent: a service that begins anew is told nothing of a node that is cut off", async () => {
  await discovery.start();
  const text = await scrapedWhen(a, "kubespan_peer_absent{", (absent) => absent === 1);
  await expectFiring([text], "KubespanPeerAbsent", "KubespanPeerDown");
});

it("KubespanAlone: a node is cut off from all", async () => {
  await b.run("ip", "link", "set", "eth0", "down");
  await sendTo(a, "b");
  const text = await scrapedWhen(a, `kubespan_peers{state="up"}`, (up) => up === 0);
  await expectFiring([text], "KubespanAlone", "KubespanPeerAbsent", "KubespanPeerDown");
});
