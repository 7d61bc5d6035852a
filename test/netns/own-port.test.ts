import { afterAll, beforeAll, expect, it } from "vitest";
import { type ConfigOptions, Discovery, Lab, type LabNode, newCluster, waitFor } from "../../lab/index.ts";
import type { Router } from "../../lab/router.ts";

/*
 *    services 203.0.113.8, 203.0.113.9, which answer STUN beside
 *        |                |
 *   =====+=======+========+========+===================+======= internet
 *                |                 |                   |
 *           nat1 .1           nat2 .2             nat3 .3
 *     51820 becomes 41821   becomes 41822    another port for each destination
 *                |                 |                   |
 *     b 192.168.1.11     c 192.168.2.11      d 192.168.3.11
 *
 * No STUN server is configured, and no endpoint. Nobody harvests, and nobody gets in who was not asked.
 */
let lab: Lab;
let b: LabNode;
let c: LabNode;
let d: LabNode;
let nat1: Router;
let services: Discovery[];
let options: ConfigOptions;

/** The rules by which a router gives WireGuard's port of the node behind it that port, whoever it sends to. */
const mapTo = (port: number): string => `
  table ip nat {
    chain postrouting {
      type nat hook postrouting priority srcnat;
      oifname "eth0" udp sport 51820 masquerade to :${port}
      oifname "eth0" masquerade
    }
  }
`;

beforeAll(async () => {
  lab = await Lab.open();
  const internet = await lab.network("internet");
  services = await Promise.all(
    [8, 9].map(async (number) => {
      const node = await lab.node(`service${number}`);
      await node.attach(internet, `203.0.113.${number}/24`);
      return new Discovery(node, `203.0.113.${number}`);
    }),
  );
  for (const service of services) await service.start();
  const site = async (number: number, member: string): Promise<readonly [LabNode, Router]> => {
    const network = await lab.network(`site${number}`);
    const router = await lab.router(`nat${number}`);
    await router.attach(internet, `203.0.113.${number}/24`);
    await router.attach(network, `192.168.${number}.1/24`);
    if (number === 3) await router.translate("masquerade fully-random");
    else {
      await router.protect();
      await router.namespace.nft(mapTo(41_820 + number));
    }
    const node = await lab.node(member);
    await node.attach(network, `192.168.${number}.11/24`);
    await node.defaultRoute(`192.168.${number}.1`);
    return [node, router];
  };
  [b, nat1] = await site(1, "b");
  [c] = await site(2, "c");
  [d] = await site(3, "d");
  options = {
    cluster: newCluster(),
    services: services.map(({ url }) => url),
    mesh: { harvestExtraEndpoints: false },
  };
  for (const node of [b, c, d]) await node.start(options);
});

afterAll(() => lab.close());

/** Waits until b and c have each other at these endpoints, and a ping passes. */
async function meet(endpointOfB: string): Promise<void> {
  await c.daemon.waitForStatus(`b at ${endpointOfB}`, ({ peers }) =>
    peers.some(({ label, state, endpoint }) => label === "b" && state === "up" && endpoint === endpointOfB),
  );
  const { address } = (await b.daemon.status()).node;
  await waitFor(() => c.reaches(address), { what: "an answer from b" });
}

it("nodes behind routers that change the port learn it of their discovery services, and connect", async () => {
  const { node } = await b.daemon.waitForStatus("what both services say", ({ node: { nat } }) =>
    Object.values(nat).includes("port-keeping"),
  );
  expect(node.announcedEndpoints).toEqual(["203.0.113.1:41821", "192.168.1.11:51820"]);
  await meet("203.0.113.1:41821");
  const { stdout } = await b.daemon.command("status");
  expect(stdout).toMatch(/^NAT: +IPv4 keeps the port$/m);
});

it("a symmetric NAT is known by the ports that two services see, and none of them is announced", async () => {
  const { node } = await d.daemon.waitForStatus("the kind of NAT", ({ node: { nat } }) =>
    Object.values(nat).includes("symmetric"),
  );
  expect(node.announcedEndpoints).toEqual(["203.0.113.3:51820", "192.168.3.11:51820"]);
  expect(node.leftOut).toContainEqual({
    value: expect.stringMatching(/^endpoint 203\.0\.113\.3:\d+$/),
    reason: expect.stringContaining("another port for each destination"),
  });
});

it("a node that comes back with another external port is met again, although no third node sees it", async () => {
  const script = `nft delete table ip nat && nft -f - && ip link set eth0 down && ip link set eth0 up`;
  await nat1.namespace.write("/run/nat.nft", mapTo(42_821));
  // The router forgets what it translated when its link goes down, as it does when it starts again.
  await nat1.run("sh", "-c", script.replace("-f -", "-f /run/nat.nft"));
  await meet("203.0.113.1:42821");
  const { node } = await b.daemon.status();
  expect(node.announcedEndpoints).toContain("203.0.113.1:42821");
  expect(node.announcedEndpoints).not.toContain("203.0.113.1:41821");
});
