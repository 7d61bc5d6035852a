import { afterAll, beforeAll, expect, it } from "vitest";
import {
  Capture,
  Lab,
  type LabNode,
  type Network,
  newCluster,
  PingStream,
  waitFor,
} from "../../lab/index.ts";
import { asked, serve } from "../netns/talk.ts";
import { ApiRelay } from "./api-relay.ts";
import { ApiServer, relayAddress } from "./api-server.ts";

/*
 * Kubernetes is the only registry, and its API server lives on a member, the control plane.
 *
 *   kube-apiserver and etcd on the host's loopback
 *          | (a Unix socket)
 *   hub 203.0.113.9:6443    a 203.0.113.1 + pod    b 203.0.113.2
 *          |                        |                   |
 *   =======+========================+===================+=== internet
 *
 * On a, connections to the Service 10.96.0.1:443 are translated to the API server, as kube-proxy does it.
 */
let lab: Lab;
let api: ApiServer;
let relay: ApiRelay;
let internet: Network;
let [hub, a, b, pod]: LabNode[] = [];
const cluster = newCluster();
const node = (found: LabNode | undefined): LabNode => found ?? expect.fail("the lab is not there");

const service = `table ip service {
  chain own { type nat hook output priority -100
    ip daddr 10.96.0.1 tcp dport 443 dnat to ${relayAddress}:6443
  }
  chain in { type nat hook prerouting priority dstnat
    ip daddr 10.96.0.1 tcp dport 443 dnat to ${relayAddress}:6443
  }
  chain out { type nat hook postrouting priority srcnat
    ip saddr 10.244.1.0/24 ip daddr ${relayAddress} masquerade
  }
}`;

beforeAll(async () => {
  api = await ApiServer.start();
  lab = await Lab.open();
  internet = await lab.network("internet");
  [hub, a, b] = [await attached("hub", 9), await attached("a", 1), await attached("b", 2)];
  pod = await a.pod(1);
  await a.namespace.nft(service);
  relay = await ApiRelay.open(api, hub);
  for (const { name } of [hub, a, b]) await api.createNode(name);
});

afterAll(async () => {
  await lab?.close();
  await relay?.close();
  await api?.close();
});

async function attached(name: string, last: number): Promise<LabNode> {
  const made = await lab.node(name);
  await made.attach(internet, `203.0.113.${last}/24`);
  if (last !== 9) await made.defaultRoute(relayAddress);
  return made;
}

async function start(each: LabNode): Promise<void> {
  const isControlPlane = each === hub;
  const role = isControlPlane ? { machineType: "controlplane", apiServerPort: 6443 } : {};
  const advertisedPrefixes = each === a ? ["10.244.1.0/24"] : [];
  const daemon = { kubernetes: relay.configuration, advertisedPrefixes, node: { name: each.name, ...role } };
  await each.start({ cluster, services: [], daemon });
}

/** Waits until a node is connected to this one, under the identity that it has now. */
async function meets(each: LabNode, other: LabNode): Promise<void> {
  const { publicKey } = (await other.daemon.waitForStatus("an answer", () => true)).node;
  await each.daemon.waitForStatus(`${other.name} with its present key`, ({ peers }) =>
    peers.some((peer) => peer.publicKey === publicKey && peer.state === "up"),
  );
}

/** Asks as anybody would who has no certificates: the test is about the way there. */
const ask = `
  const request = require("node:https").get(process.argv[1], { rejectUnauthorized: false, timeout: 5000 }, (answer) =>
    answer.pipe(process.stdout));
  request.on("timeout", () => request.destroy());
  request.on("error", () => process.exit(1));`;

/** The API's answer to somebody without credentials, which only the real one gives. */
async function answers(from: LabNode, at: string): Promise<boolean> {
  const { stdout } = await from.namespace.attempt(process.execPath, "-e", ask, `https://${at}/version`);
  return stdout.includes('"gitVersion"');
}

it("the mesh forms, and everybody on a node goes on to reach the API server", async () => {
  const all = [node(hub), node(a), node(b)];
  for (const each of all) await start(each);
  for (const each of all)
    await each.daemon.waitForPeers(...all.filter((other) => other !== each).map(({ name }) => name));
  const reaching = [
    [node(a), `${relayAddress}:6443`],
    [node(a), "10.96.0.1:443"],
    [node(pod), "10.96.0.1:443"],
  ] as const;
  for (const [from, at] of reaching)
    await waitFor(() => answers(from, at), { what: `the API server at ${at} from ${from.name}` });
});

it("a pod whose network nobody advertises and whose packets the CNI masquerades reaches the API server, too", async () => {
  const behind = await node(b).pod(2);
  await node(b).namespace.sysctl("net.ipv4.ip_forward=1"); // as Kubernetes wants it
  await node(b).namespace.nft(`table ip cni {
    chain postrouting {
      type nat hook postrouting priority srcnat;
      ip saddr 10.244.2.0/24 ip daddr != 10.244.0.0/16 masquerade
    }
  }`);
  const capture = await Capture.start(lab, internet);
  for (let round = 0; round < 3; round++) expect(await answers(behind, `${relayAddress}:6443`)).toBe(true);
  await capture.stop();
  expect(await capture.lines(`tcp and src host 203.0.113.2 and dst port 6443`)).toEqual([]);
});

it("the control plane is not connected: its API server answers outside, and nothing else of it", async () => {
  const [home, other] = [node(hub), node(a)];
  await serve(home, 7000, "another port");
  const pings = await PingStream.start(other, relayAddress);
  const capture = await Capture.start(lab, internet);
  await home.daemon.stop("SIGKILL");
  await home.run("ip", "link", "del", "kubespan");
  await other.daemon.waitForStatus("the loss", ({ peers }) =>
    peers.every(({ label, state }) => label !== "hub" || state === "down"),
  );
  await pings.stop();
  const reaching = [
    [other, `${relayAddress}:6443`],
    [other, "10.96.0.1:443"],
    [node(pod), "10.96.0.1:443"],
  ] as const;
  for (const [from, at] of reaching)
    await waitFor(() => answers(from, at), { what: `the API server at ${at} from ${from.name}` });
  expect(await asked(other, "203.0.113.1", relayAddress, 7000, 3)).toBe("");
  expect((await other.ping(relayAddress)).received).toBe(0);
  await capture.stop();
  const clear = await capture.lines(
    `src host 203.0.113.1 and dst host ${relayAddress} and not arp and not udp port 51820 and not tcp dst port 6443`,
  );
  expect(clear).toEqual([]);
  expect((await capture.lines(`tcp and src host 203.0.113.1 and dst port 6443`)).length).toBeGreaterThan(5);
});

it("the control plane has lost its identity: the others learn of the new one, and it of them", async () => {
  const home = node(hub);
  await home.run("rm", "-rf", "/run/state");
  await home.run("nft", "flush", "ruleset");
  await home.daemon.start();
  for (const each of [node(a), node(b)]) {
    await meets(each, home);
    await meets(home, each);
    const { address } = (await home.daemon.status()).node;
    await waitFor(() => each.reaches(address), { what: `the control plane from ${each.name}` });
  }
});
