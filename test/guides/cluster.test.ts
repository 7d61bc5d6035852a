// A cluster at two sites from nothing, and what becomes of it, as the guides tell.
//
//   cp 192.168.2.2    worker 192.168.3.2
//      |                 |
//   router A .20      router B .30      vps .10      vps2 .11
//      |                 |                |            |
//   ===+=================+================+============+=== internet 203.0.113.0/24
import { afterAll, beforeAll, expect, test } from "vitest";
import { forget, killAll } from "../../lab/cluster/index.ts";
import { Lab, PingStream } from "../../lab/index.ts";
import { decodeToken } from "../../src/joining/index.ts";
import { Guide } from "./guide.ts";
import { Kubernetes } from "./kubernetes.ts";
import { type Machine, shell } from "./machine.ts";
import { homeMachine, publicMachine } from "./world.ts";

/** What a reader reads first comes first: the pages go on with the machines of the one before. */
let lab: Lab;
let kubernetes: Kubernetes;
const machines: Record<string, Machine> = {};

beforeAll(async () => {
  lab = await Lab.open();
  const internet = await lab.network("internet");
  machines["vps"] = await publicMachine(lab, internet, "vps", "203.0.113.10");
  machines["vps2"] = await publicMachine(lab, internet, "vps2", "203.0.113.11");
  const [a, b] = [
    { site: "a", own: "192.168.2.2", outside: "203.0.113.20" },
    { site: "b", own: "192.168.3.2", outside: "203.0.113.30" },
  ];
  machines["cp"] = await homeMachine(lab, internet, "cp", a);
  machines["worker"] = await homeMachine(lab, internet, "worker", b);
  kubernetes = await Kubernetes.open(machines);
});
afterAll(() => lab?.close());

test("two-sites.md leads from nothing to two nodes that are ready", async () => {
  const guide = await Guide.open("two-sites.md", machines, kubernetes.standIns);
  await guide.rest();
  const nodes = await kubernetes.plane.kubectl("get", "nodes", "--no-headers");
  expect(nodes.match(/ Ready /g)).toHaveLength(2);
});

test("moving-discovery.md leads to another service, and no packet is lost on the way", async () => {
  const [cp, worker] = [machineOf("cp"), machineOf("worker")];
  const guide = await Guide.open("moving-discovery.md", machines);
  const streams = [
    await PingStream.start(cp.node, "192.168.3.2"),
    await PingStream.start(worker.node, "192.168.2.2"),
  ];
  await guide.rest();
  const counts = await Promise.all(
    streams.map(async (stream) => {
      await stream.moreAnswers(1);
      return stream.stop();
    }),
  );
  expect(counts.map(({ lost }) => lost)).toEqual([0, 0]);
  expect(Math.min(...counts.map(({ sent }) => sent))).toBeGreaterThan(10);
  const { services } = decodeToken((await shell(cp, "kubespan token")).all.trim());
  expect(services.map(({ url }) => url)).toEqual(["https://203.0.113.11:3000/"]);
});

test("lost-node.md leads to another machine with the lost one's name, which is ready", async () => {
  await lose("worker");
  const before = await uidOf("worker");
  const guide = await Guide.open("lost-node.md", machines, kubernetes.standIns);
  await guide.rest();
  expect(await uidOf("worker")).not.toBe(before);
  expect(await kubernetes.plane.kubectl("get", "nodes", "--no-headers")).toMatch(/^worker +Ready /m);
});

/** Names one Node object: a later one with the same name has another. */
const uidOf = (name: string): Promise<string> =>
  kubernetes.plane.kubectl("get", "node", name, "-o", "jsonpath={.metadata.uid}");

/** Takes the power and the disk of a machine, and puts another one in its place, whose network card is another. */
async function lose(name: string): Promise<void> {
  const { node } = machineOf(name);
  killAll(node.namespace);
  await forget(node);
  const kept = [
    "/etc/kubespan",
    "/etc/cni/net.d",
    "/var/lib/kubespan",
    "/var/lib/kubelet",
    "/run/containerd-root",
  ];
  await node.run("sh", "-c", `rm -rf ${kept.map((folder) => `${folder}/*`).join(" ")} /run/units /run/root`);
  await node.run("ip", "link", "set", "eth0", "address", "02:00:5e:00:53:01");
}

function machineOf(name: string): Machine {
  const machine = machines[name];
  if (!machine) throw new Error(`there is no machine ${name}`);
  return machine;
}
