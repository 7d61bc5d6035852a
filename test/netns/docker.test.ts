import { afterAll, beforeAll, expect, it } from "vitest";
import { Docker } from "../../lab/docker.ts";
import { Lab, type LabNode, type Network, newCluster, publicNetwork, waitFor } from "../../lab/index.ts";
import { clearDuring } from "./in-clear.ts";

/*
 * A real Docker daemon beside the mesh: it makes its tables, its bridge and its policy for what is forwarded, each time that
 * it starts.
 *
 *   a 203.0.113.1, with     b 203.0.113.2, behind it
 *     2001:db8::1  Docker     2001:db8::2  the pod 10.244.2.2
 *   ===+=======================+=== internet
 */
let lab: Lab;
let internet: Network;
let a: LabNode;
let b: LabNode;
let docker: Docker;

const targets = ["203.0.113.2", "2001:db8::2", "10.244.2.2"];

beforeAll(async () => {
  lab = await Lab.open();
  const { network, discovery, host } = await publicNetwork(lab);
  internet = network;
  [a, b] = [await lab.machine("a"), await host("b", 2)];
  await a.namespace.sysctl("net.ipv4.ip_forward=0"); // Docker switches it on, and closes all else that is forwarded
  await a.attach(network, "203.0.113.1/24");
  await a.defaultRoute("203.0.113.9");
  docker = await Docker.install(a);
  await b.pod(2);
  // The way to b's pod without the mesh: what is not steered is seen there.
  await a.run("ip", "route", "add", "10.244.2.0/24", "via", "203.0.113.2");
  for (const [at, node] of [a, b].entries()) await node.address("eth0", `2001:db8::${at + 1}/64`);
  const options = { cluster: newCluster(), services: [discovery.url] };
  await a.start(options);
  await b.start({ ...options, daemon: { advertisedPrefixes: ["10.244.2.0/24"] } });
  await Promise.all([a.daemon.waitForPeers("b"), b.daemon.waitForPeers("a")]);
  for (const target of targets)
    await waitFor(() => a.reaches(target), { what: `an answer of ${target} through the mesh` });
});

afterAll(() => lab.close());

const pairs = (): [LabNode, string][] => targets.map((target) => [a, target]);
const policy = (): Promise<string> => a.run("iptables", "-S", "FORWARD");

it("Docker that starts, starts again and is killed beside the mesh sends nothing of it out in clear", async () => {
  const clear = await clearDuring(lab, internet, pairs(), async (streams) => {
    await docker.start();
    expect(await policy()).toContain("-P FORWARD DROP");
    for (const signal of ["SIGTERM", "SIGKILL"] as const) {
      await docker.stop(signal);
      await a.run("iptables", "-F"); // so that it makes all of it anew
      await docker.start();
      expect(await policy()).toContain("DOCKER-ISOLATION-STAGE-1");
    }
    for (const stream of streams) await stream.moreAnswers(20);
  });
  expect(clear).toEqual([]);
});

it("the mesh goes on beside it, and its bridge is nobody's address but this node's", async () => {
  for (const target of targets) expect(await a.ping(target)).toEqual({ sent: 3, received: 3 });
  const announced = (await b.daemon.status()).peers.flatMap(({ allowedIPs }) => allowedIPs);
  expect(announced.filter((prefix) => prefix.startsWith("172.17."))).toEqual([]);
});
