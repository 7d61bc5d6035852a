import { afterAll, beforeAll, expect, it } from "vitest";
import {
  type ConfigOptions,
  Lab,
  type LabNode,
  type Network,
  newCluster,
  plantIdentity,
  waitFor,
} from "../../lab/index.ts";
import { ApiRelay } from "./api-relay.ts";
import { ApiServer, relayAddress } from "./api-server.ts";

/*
 * A Node that outlives its machine: its object and its annotations stay, and another machine gets the address. Kubernetes is
 * the only registry.
 *
 *   kube-apiserver --- hub 203.0.113.9    a 203.0.113.1    one after the other 203.0.113.2
 *                       =======+===============+=================+=== internet
 */
let lab: Lab;
let api: ApiServer;
let internet: Network;
let relay: ApiRelay;
let a: LabNode;
let current: LabNode;
let options: ConfigOptions;

const hardwareAddress = "52:54:00:12:34:56";

beforeAll(async () => {
  api = await ApiServer.start();
  lab = await Lab.open();
  internet = await lab.network("internet");
  relay = await ApiRelay.open(api, await attached("hub", 9));
  options = { cluster: newCluster(), services: [], daemon: { kubernetes: relay.configuration } };
  await api.createNode("a");
  a = await attached("a", 1);
  await a.start(options);
  current = await install("old", "1");
});

afterAll(async () => {
  await lab?.close();
  await relay?.close();
  await api?.close();
});

async function attached(name: string, last: number): Promise<LabNode> {
  const node = await lab.node(name);
  await node.attach(internet, `203.0.113.${last}/24`);
  if (last !== 9) await node.defaultRoute(relayAddress);
  return node;
}

async function install(name: string, first: string): Promise<LabNode> {
  await api.createNode(name);
  const node = await attached(name, 2);
  await plantIdentity(node, { first, hardwareAddress });
  await node.start(options);
  await a.daemon.waitForStatus(`${name} to be up`, ({ peers }) =>
    peers.some(({ label, state }) => label === name && state === "up"),
  );
  return node;
}

it.each([
  ["higher", "new", "K"],
  ["lower", "newer", "2"],
])(
  "a machine with a %s id has the address of a Node that is dead, and still there",
  async (_order, name, first) => {
    const dead = current.name;
    await current.run("ip", "link", "set", "eth0", "down");
    current.daemon.signal("SIGKILL");
    await current.daemon.ended();
    current = await install(name, first);
    await waitFor(() => a.reaches("203.0.113.2"), {
      what: `${name} to be reached at the address of ${dead}`,
      describe: async () => `${await a.run("wg", "show")}\n${(await a.daemon.command("status")).stdout}`,
    });
    expect(await api.annotations(dead)).toHaveProperty(["networking.talos.dev/kubespan-endpoints"]);
    const { peers } = await a.daemon.status();
    expect(peers.find(({ label }) => label === name)?.allowedIPs).toContain("203.0.113.2/32");
    expect(peers.find(({ label }) => label === dead)?.allowedIPs ?? []).not.toContain("203.0.113.2/32");
  },
);
