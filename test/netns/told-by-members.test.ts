import { afterAll, beforeAll, expect, it } from "vitest";
import { Discovery, Lab, type LabNode, newCluster, waitFor } from "../../lab/index.ts";
import type { Router } from "../../lab/router.ts";

/*
 *    discovery 203.0.113.9, without STUN      p 203.0.113.10
 *        |                                       |
 *   =====+==================+====================+====+======= internet
 *                           |                         |
 *                    nat1 203.0.113.1          nat2 203.0.113.2
 *                    51820 becomes 41821       51820 becomes 41822
 *                           |                         |
 *                    b 192.168.1.11            c 192.168.2.11
 *
 * Only p sees at which ports b and c are, and it tells nobody but them: there is no harvest.
 */
let lab: Lab;
let b: LabNode;
let c: LabNode;
let nat1: Router;

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
  const service = await lab.node("service");
  await service.attach(internet, "203.0.113.9/24");
  const discovery = new Discovery(service, "203.0.113.9", { stun: false });
  await discovery.start();
  const site = async (number: number, member: string): Promise<readonly [LabNode, Router]> => {
    const network = await lab.network(`site${number}`);
    const router = await lab.router(`nat${number}`);
    await router.attach(internet, `203.0.113.${number}/24`);
    await router.attach(network, `192.168.${number}.1/24`);
    await router.protect();
    await router.namespace.nft(mapTo(41_820 + number));
    const node = await lab.node(member);
    await node.attach(network, `192.168.${number}.11/24`);
    await node.defaultRoute(`192.168.${number}.1`);
    return [node, router];
  };
  [b, nat1] = await site(1, "b");
  [c] = await site(2, "c");
  const p = await lab.node("p");
  await p.attach(internet, "203.0.113.10/24");
  const options = {
    cluster: newCluster(),
    services: [discovery.url],
    mesh: { harvestExtraEndpoints: false },
  };
  for (const node of [p, b, c]) await node.start(options);
});

afterAll(() => lab.close());

/** Waits until c has b at this endpoint, which b announces, and a ping passes. */
async function meet(endpoint: string): Promise<void> {
  await b.daemon.waitForStatus(`${endpoint} among what b announces`, ({ node }) =>
    node.announcedEndpoints.includes(endpoint as never),
  );
  await c.daemon.waitForStatus(`b at ${endpoint}`, ({ peers }) =>
    peers.some((peer) => peer.label === "b" && peer.state === "up" && peer.endpoint === endpoint),
  );
  const { address } = (await b.daemon.status()).node;
  await waitFor(() => c.reaches(address), { what: "an answer from b" });
}

it("a member that two nodes behind NATs have dialled tells them their ports, and they connect", async () => {
  await meet("203.0.113.1:41821");
  expect(await b.daemon.log()).toMatch(/seen from outside/);
});

it("a node that comes back with another external port is told so, and is met again", async () => {
  await nat1.namespace.write("/run/nat.nft", mapTo(42_821));
  // The router forgets what it translated when its link goes down, as it does when it starts again.
  await nat1.run(
    "sh",
    "-c",
    "nft delete table ip nat && nft -f /run/nat.nft && ip link set eth0 down && ip link set eth0 up",
  );
  await meet("203.0.113.1:42821");
});
