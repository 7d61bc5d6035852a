import { afterAll, beforeAll, expect, it } from "vitest";
import { type ConfigOptions, Discovery, Lab, type LabNode, newCluster, waitFor } from "../../lab/index.ts";
import { Service } from "../../lab/service.ts";
import type { Netcheck } from "../../src/api/index.ts";

/*
 *         server 203.0.113.9: discovery service, and coturn as STUN server
 *                                |
 *   =======+=====================+===================+======= internet
 *          |                                         |
 *    nat1 203.0.113.1                          nat2 203.0.113.2
 *    51820 becomes 41821                       51820 becomes 41822
 *          |                                         |
 *   site1  b 192.168.1.11                     site2  c 192.168.2.11
 *
 * Whom they talk to makes no difference to the port that a router gives; nobody gets in who was not asked.
 */
let lab: Lab;
let b: LabNode;
let c: LabNode;
let server: LabNode;
let stun: Service;
let options: ConfigOptions;

beforeAll(async () => {
  lab = await Lab.open();
  const internet = await lab.network("internet");
  server = await lab.node("server");
  await server.attach(internet, "203.0.113.9/24");
  const site = async (number: number, member: string): Promise<LabNode> => {
    const network = await lab.network(`site${number}`);
    const router = await lab.router(`nat${number}`);
    await router.attach(internet, `203.0.113.${number}/24`);
    await router.attach(network, `192.168.${number}.1/24`);
    await router.protect();
    await router.namespace.nft(`
      table ip nat {
        chain postrouting {
          type nat hook postrouting priority srcnat;
          oifname "eth0" udp sport 51820 snat to 203.0.113.${number}:4182${number}
          oifname "eth0" masquerade
        }
      }
    `);
    const node = await lab.node(member);
    await node.attach(network, `192.168.${number}.11/24`);
    await node.defaultRoute(`192.168.${number}.1`);
    return node;
  };
  [b, c] = [await site(1, "b"), await site(2, "c")];
  const discovery = new Discovery(server, "203.0.113.9");
  await discovery.start();
  const plain = ["-S", "-n", "-L", "203.0.113.9", "-p", "3478", "--no-cli", "--no-tls", "--no-dtls"];
  const files = ["--pidfile", "/run/turnserver.pid", "--log-file", "stdout"];
  stun = new Service(server.namespace, "coturn", ["turnserver", ...plain, ...files]);
  await stun.start();
  await waitFor(async () => (await server.run("ss", "-Hlun", "sport", "=", "3478")) !== "", {
    what: "coturn",
  });
  options = {
    cluster: newCluster(),
    services: [discovery.url],
    mesh: { harvestExtraEndpoints: false },
    daemon: { stunServer: "203.0.113.9" },
  };
});

afterAll(() => lab.close());

it("nodes behind routers that change the port learn it, announce it, and connect", async () => {
  for (const node of [b, c]) await node.start(options);
  const status = await b.daemon.waitForStatus("the mapped port", ({ node }) =>
    node.announcedEndpoints.includes("203.0.113.1:41821" as never),
  );
  expect(status.node.announcedEndpoints).toEqual(["203.0.113.1:41821", "192.168.1.11:51820"]);
  expect(status.node.leftOut.map(({ value }) => value)).not.toContain("mapped endpoint");
  await Promise.all([b.daemon.waitForPeers("c"), c.daemon.waitForPeers("b")]);
  const { peers } = await b.daemon.status();
  expect(peers[0]?.endpoint).toBe("203.0.113.2:41822");
  await waitFor(() => b.reaches(peers[0]?.address ?? ""), { what: "an answer from c" });
});

const netcheck = async (): Promise<{ exitCode: number; found: Netcheck }> => {
  const { exitCode, stdout } = await b.daemon.command("netcheck", "-o", "json");
  return { exitCode, found: JSON.parse(stdout) as Netcheck };
};

it("netcheck tells what the network lets the node do", async () => {
  await waitFor(async () => (await netcheck()).found.ipv4.nat === "port-keeping", {
    what: "the kind of NAT",
  });
  const { exitCode, found } = await netcheck();
  expect(exitCode).toBe(0);
  expect(found.ipv4).toEqual({
    addresses: ["192.168.1.11"],
    udp: "works",
    nat: "port-keeping",
    seenAt: ["203.0.113.1:41821"],
  });
  expect(found.ipv6).toMatchObject({ addresses: [], udp: "unknown" });
  expect(found.portMapping).toMatchObject({ state: "missing", gateway: "192.168.1.1" });
  expect(found.registries).toMatchObject([{ phase: "connected", address: "203.0.113.9" }]);
  expect(found.registries[0]?.connectMs).toBeGreaterThan(0);
});

it("the server goes away: what it said stays, and the status tells", async () => {
  await stun.stop("SIGKILL");
  const status = await b.daemon.waitForStatus("the silence", ({ node }) =>
    node.leftOut.some(({ reason }) => reason.includes("did not answer")),
  );
  expect(status.node.announcedEndpoints).toContain("203.0.113.1:41821");
  expect(status.peers.map(({ state }) => state)).toEqual(["up"]);
});

it("without racing there is no STUN, and the status says so", async () => {
  expect((await b.daemon.command("down")).exitCode).toBe(0);
  await b.daemon.ended();
  await b.start({ ...options, daemon: { ...options.daemon, connect: "serial" } });
  await b.daemon.waitForStatus("the reason", ({ node }) =>
    node.leftOut.some(({ reason }) => reason === "STUN needs racing, which is off or does not work here"),
  );
});
