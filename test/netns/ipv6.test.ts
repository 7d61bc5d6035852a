import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Capture, Discovery, Lab, type LabNode, type Network, newCluster, waitFor } from "../../lab/index.ts";

/*
 * No IPv4 address on any network but the pods' own. The routers translate nothing and let in only answers.
 *
 *        b 2001:db8::20     service 2001:db8::9
 *          |                   |
 *   =======+=======+===========+===+=========== internet 2001:db8::/64
 *                  |               |
 *           fw1 2001:db8::1   fw3 2001:db8::3
 *                  |               |
 *   === site1 2001:db8:1::/64   === site3 2001:db8:3::/64
 *                  |               |
 *        a 2001:db8:1::10      c 2001:db8:3::10
 *
 * Pods: 10.244.N.0/24 and fd10:244:N::/64.
 */
let lab: Lab;
let internet: Network;
const nodes: LabNode[] = [];
const pods: LabNode[] = [];
const names = ["a", "b", "c"];
const addresses = ["2001:db8:1::10", "2001:db8::20", "2001:db8:3::10"];

beforeAll(async () => {
  lab = await Lab.open();
  internet = await lab.network("internet");
  const host = await onInternet("service", "2001:db8::9");
  nodes.push(
    await behindFirewall("a", 1),
    await onInternet("b", "2001:db8::20"),
    await behindFirewall("c", 3),
  );
  for (const [index, node] of nodes.entries()) pods.push(await node.pod(index + 1, `fd10:244:${index + 1}`));
  const discovery = new Discovery(host, "2001:db8::9");
  await discovery.start();
  const cluster = newCluster();
  for (const [index, node] of nodes.entries()) {
    const advertisedPrefixes = [`10.244.${index + 1}.0/24`, `fd10:244:${index + 1}::/64`];
    await node.start({ cluster, services: [discovery.url], daemon: { advertisedPrefixes } });
  }
});

afterAll(() => lab.close());

async function onInternet(name: string, address: string): Promise<LabNode> {
  const node = await lab.node(name);
  await node.attach(internet, `${address}/64`);
  for (const site of [1, 3])
    await node.run("ip", "route", "add", `2001:db8:${site}::/64`, "via", `2001:db8::${site}`);
  await node.defaultRoute("2001:db8::ffff"); // to nobody
  return node;
}

async function behindFirewall(name: string, site: number): Promise<LabNode> {
  const network = await lab.network(`site${site}`);
  const router = await lab.router(`fw${site}`);
  await router.attach(internet, `2001:db8::${site}/64`);
  await router.attach(network, `2001:db8:${site}::1/64`);
  const other = 4 - site;
  await router.run("ip", "route", "add", `2001:db8:${other}::/64`, "via", `2001:db8::${other}`);
  await router.protect();
  const node = await lab.node(name);
  await node.attach(network, `2001:db8:${site}::10/64`);
  await node.defaultRoute(`2001:db8:${site}::1`);
  return node;
}

const allUp = (): Promise<unknown> =>
  Promise.all(nodes.map((node) => node.daemon.waitForPeers(...names.filter((name) => name !== node.name))));

const reached = (from: LabNode, target: string): Promise<boolean> =>
  waitFor(() => from.reaches(target), { what: `an answer from ${target} to ${from.name}` });

describe("a network without IPv4", () => {
  it("all nodes find each other, at IPv6 endpoints only", async () => {
    await allUp();
    for (const node of nodes) {
      const { peers } = await node.daemon.status();
      const endpoints = Object.fromEntries(peers.map(({ label, endpoint }) => [label, endpoint]));
      const others = names.flatMap((name, index) =>
        name === node.name ? [] : [[name, `[${addresses[index]}]:51820`]],
      );
      expect(endpoints).toEqual(Object.fromEntries(others));
    }
  });

  it("nodes and pods of both families reach each other, and nothing of it is seen on the way", async () => {
    await allUp();
    const capture = await Capture.start(lab, internet);
    for (const [index, from] of nodes.entries())
      for (const [other, to] of nodes.entries()) {
        if (index === other) continue;
        await reached(from, (await to.daemon.status()).node.address);
        await reached(from, addresses[other] ?? "");
        await reached(pods[index] ?? from, `10.244.${other + 1}.2`);
        await reached(pods[index] ?? from, `fd10:244:${other + 1}::2`);
      }
    await capture.stop();
    expect(await capture.lines("ip or arp")).toEqual([]);
    const pings = "icmp6 and (ip6[40] == 128 or ip6[40] == 129)";
    expect(await capture.lines(`net fd00::/8 or (${pings})`)).toEqual([]);
    expect((await capture.lines("udp port 51820")).length).toBeGreaterThan(0);
  });

  it.each([
    ["IPv4", "10.244.3.2", 20 + 8],
    ["IPv6", "fd10:244:3::2", 40 + 8],
  ])("%s packets as large as the link's MTU pass in one piece", async (_family, target, headers) => {
    await allUp();
    const [pod] = pods as [LabNode];
    const ping = ["ping", "-n", "-c", "1", "-W", "5", "-M", "do"];
    await waitFor(
      async () => (await pod.namespace.attempt(...ping, "-s", String(1420 - headers), target)).exitCode === 0,
      { what: "an answer to a large packet" },
    );
    const capture = await Capture.start(lab, internet);
    await pod.run(...ping, "-s", String(1420 - headers), target);
    await capture.stop();
    expect(await capture.lines("ip6[6] == 44")).toEqual([]); // no fragments below either
    expect((await pod.namespace.attempt(...ping, "-s", String(1421 - headers), target)).exitCode).not.toBe(0);
  });

  it("a node is dialled at no address that lies in a pod network", async () => {
    const { node } = await (nodes[0] ?? expect.fail()).daemon.status();
    expect(node.announcedEndpoints).toEqual(["[2001:db8:1::10]:51820"]);
    expect(node.leftOut.map(({ value }) => value)).toContain("fd10:244:1::1");
  });
});
