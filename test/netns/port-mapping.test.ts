import { afterAll, beforeAll, expect, it } from "vitest";
import { type ConfigOptions, Discovery, Lab, type LabNode, newCluster, waitFor } from "../../lab/index.ts";
import type { Router } from "../../lab/router.ts";
import { Service } from "../../lab/service.ts";

/*
 *         discovery 11.0.0.9, without STUN
 *                        |
 *   =======+=============+=============+======= internet, with public addresses, as miniupnpd maps no others
 *          |                           |
 *     nat1 11.0.0.1               nat2 11.0.0.2
 *     port-restricted,            symmetric
 *     miniupnpd                        |
 *          |                           |
 *     b 192.168.1.11              d 192.168.2.11
 *
 * Such NATs keep b and d apart, unless the router before b leads a port to it.
 */
let lab: Lab;
let b: LabNode;
let d: LabNode;
let nat: Router;
let upnp: Service;
let options: ConfigOptions;

const table = `
  table inet miniupnpd {
    chain mapped {}
    chain forward { type filter hook forward priority filter - 1; jump mapped; }
    chain to_inside {}
    chain prerouting { type nat hook prerouting priority dstnat; jump to_inside; }
    chain to_outside {}
    chain postrouting { type nat hook postrouting priority srcnat - 1; jump to_outside; }
  }
`;
const settings = (protocol: "natpmp" | "upnp"): string =>
  `
  ext_ifname=eth0
  listening_ip=eth1
  enable_natpmp=${protocol === "natpmp" ? "yes" : "no"}
  enable_upnp=${protocol === "upnp" ? "yes" : "no"}
  http_port=5000
  secure_mode=yes
  upnp_table_name=miniupnpd
  upnp_nat_table_name=miniupnpd
  upnp_forward_chain=mapped
  upnp_nat_chain=to_inside
  upnp_nat_postrouting_chain=to_outside
  allow 1024-65535 192.168.1.0/24 1024-65535
  deny 0-65535 0.0.0.0/0 0-65535
`.replaceAll(/^ +/gm, "");

beforeAll(async () => {
  lab = await Lab.open();
  const internet = await lab.network("internet");
  const service = await lab.node("service");
  await service.attach(internet, "11.0.0.9/24");
  const discovery = new Discovery(service, "11.0.0.9", { stun: false });
  await discovery.start();
  const site = async (number: number, member: string): Promise<readonly [LabNode, Router]> => {
    const network = await lab.network(`site${number}`);
    const router = await lab.router(`nat${number}`);
    await router.attach(internet, `11.0.0.${number}/24`);
    await router.attach(network, `192.168.${number}.1/24`);
    const node = await lab.node(member);
    await node.attach(network, `192.168.${number}.11/24`);
    await node.defaultRoute(`192.168.${number}.1`);
    return [node, router];
  };
  [b, nat] = await site(1, "b");
  const [other, symmetric] = await site(2, "d");
  d = other;
  await nat.translate();
  await symmetric.translate("masquerade fully-random");
  await nat.namespace.nft(table);
  await nat.namespace.write("/run/miniupnpd.conf", settings("natpmp"));
  const daemon = ["/usr/sbin/miniupnpd", "-d", "-f", "/run/miniupnpd.conf", "-P", "/run/miniupnpd.pid"];
  upnp = new Service(nat.namespace, "miniupnpd", daemon);
  options = { cluster: newCluster(), services: [discovery.url], mesh: { harvestExtraEndpoints: false } };
});

afterAll(() => lab.close());

const mappings = (): Promise<string> => nat.run("nft", "list", "chain", "inet", "miniupnpd", "to_inside");

it("without a mapping they do not connect, and the status says why there is none", async () => {
  for (const node of [b, d]) await node.start(options);
  const { node } = await b.daemon.waitForStatus(
    "the silence of the router",
    ({ node: { portMapping } }) => portMapping.state === "missing" && /answer PCP/.test(portMapping.why),
  );
  expect(node.portMapping).toMatchObject({ gateway: "192.168.1.1" });
  expect((await b.daemon.status()).peers.map(({ state }) => state)).not.toContain("up");
});

it("the router leads a port to a node, which announces it and is reached there", async () => {
  await upnp.start();
  await waitFor(async () => (await nat.run("ss", "-Hlun", "sport", "=", "5351")) !== "", {
    what: "miniupnpd",
    describe: () => upnp.log(),
  });
  expect((await b.daemon.command("down")).exitCode).toBe(0);
  await b.daemon.ended();
  await b.start(options);
  const { node } = await b.daemon.waitForStatus(
    "a mapping",
    ({ node: { portMapping } }) => portMapping.state === "held",
  );
  expect(node.portMapping).toMatchObject({ external: "11.0.0.1:51820", protocol: "PCP" });
  expect(node.announcedEndpoints[0]).toBe("11.0.0.1:51820");
  expect(await mappings()).toMatch(/dnat ip to 192\.168\.1\.11:51820/);
  await Promise.all([b.daemon.waitForPeers("d"), d.daemon.waitForPeers("b")]);
  const { address } = (await d.daemon.status()).node;
  await waitFor(() => b.reaches(address), { what: "an answer from d" });
  const way = { kind: "mapped", seconds: expect.any(Number), why: expect.any(String) };
  await d.daemon.waitForStatus("the way", ({ peers }) => peers.some((peer) => peer.way?.kind === "mapped"));
  expect((await d.daemon.status()).peers.map((peer) => peer.way)).toEqual([way]);
  expect((await d.daemon.command("status")).stdout).toContain("11.0.0.1:51820, mapped");
  expect((await b.daemon.status()).peers.map((peer) => peer.way?.kind)).toEqual(["direct"]);
  expect((await b.daemon.command("status")).stdout).toMatch(
    /^mapped: +11\.0\.0\.1:51820 by 192\.168\.1\.1 \(PCP\)/m,
  );
});

it("a node that is taken down has the mapping ended, also where no daemon runs", async () => {
  await b.daemon.stop("SIGTERM");
  expect(await mappings()).toContain("dnat");
  expect((await b.daemon.command("down")).exitCode).toBe(0);
  await waitFor(async () => !(await mappings()).includes("dnat"), { what: "the end of the mapping" });
});

it("a router that knows UPnP-IGD alone leads a port as well, until the node is taken down", async () => {
  await upnp.stop();
  await nat.namespace.write("/run/miniupnpd.conf", settings("upnp"));
  await upnp.start();
  await waitFor(async () => (await nat.run("ss", "-Hltn", "sport", "=", "5000")) !== "", {
    what: "miniupnpd",
    describe: () => upnp.log(),
  });
  expect(await mappings()).not.toContain("dnat");
  await b.start(options);
  const { node } = await b.daemon.waitForStatus(
    "a mapping",
    ({ node: { portMapping } }) => portMapping.state === "held",
  );
  expect(node.portMapping).toMatchObject({ external: "11.0.0.1:51820", protocol: "UPnP-IGD" });
  expect(await mappings()).toMatch(/dnat ip to 192\.168\.1\.11:51820/);
  await Promise.all([b.daemon.waitForPeers("d"), d.daemon.waitForPeers("b")]);
  const { address } = (await d.daemon.status()).node;
  await waitFor(() => b.reaches(address), { what: "an answer from d" });
  await b.daemon.stop("SIGTERM");
  expect(await mappings()).toContain("dnat");
  expect((await b.daemon.command("down")).exitCode).toBe(0);
  await waitFor(async () => !(await mappings()).includes("dnat"), { what: "the end of the mapping" });
});

it("where the configuration asks for none, the router is not asked", async () => {
  await b.start({ ...options, daemon: { portMapping: false } });
  const { node } = await b.daemon.waitForStatus("a pass", ({ work }) => work.state === "working");
  expect(node.portMapping).toEqual({ state: "missing", why: "portMapping is off" });
  expect(await mappings()).not.toContain("dnat");
});
