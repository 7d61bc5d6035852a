// The guides for systems that are not there: what is of kubespan is run, what is for them is checked.
import { afterEach, beforeEach, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { Discovery, Lab, type Network, newCluster } from "../../lab/index.ts";
import { kubernetes } from "../../lab/programs/index.ts";
import { Guide } from "./guide.ts";
import { type Machine, shell } from "./machine.ts";
import { homeMachine, publicMachine } from "./world.ts";

/** The options in https://docs.k3s.io/cli/agent and https://docs.k3s.io/cli/server that a file here may have. */
const k3sOptions = ["server", "token-file", "node-ip", "flannel-conf", "advertise-address", "tls-san"];

let lab: Lab;
let internet: Network;
beforeEach(async () => {
  lab = await Lab.open();
  internet = await lab.network("internet");
});
afterEach(() => lab?.close());

test("k3s.md: the mesh is there, and the files for k3s name addresses that it carries", async () => {
  const vps = await publicMachine(lab, internet, "vps", "203.0.113.10");
  const site = { site: "a", own: "192.168.2.2", outside: "203.0.113.20" };
  const home = await homeMachine(lab, internet, "home", site);
  const guide = await Guide.open("k3s.md", { vps, home });
  await guide.rest();
  for (const [machine, other] of [
    [vps, home],
    [home, vps],
  ] as const) {
    const written = parse(await read(machine, "/etc/rancher/k3s/config.yaml")) as Record<string, string>;
    expect(Object.keys(written).filter((option) => !k3sOptions.includes(option))).toEqual([]);
    const netConf = JSON.parse(await read(machine, written["flannel-conf"] ?? "")) as object;
    expect(netConf).toMatchObject({
      Network: "10.42.0.0/16",
      Backend: { Type: "vxlan", MTU: await mtuOf(machine) },
    });
    expect((await shell(other, `kubespan why ${written["node-ip"]}`)).all).toContain(
      "in the mesh; packets go by",
    );
  }
});

test("talos-gpu.md: a node joins with what Talos has, and a kubelet takes its files", async () => {
  const talos = await publicMachine(lab, internet, "talos", "192.0.2.10");
  const gpu = await publicMachine(lab, internet, "gpu", "192.0.2.20");
  const discovery = await publicMachine(lab, internet, "discovery", "192.0.2.9");
  const service = new Discovery(discovery.node, "192.0.2.9"); // as discovery.talos.dev, which is no member
  await service.start();
  const cluster = newCluster();
  await talos.node.start({ cluster, services: [service.url] });
  const machineConfig = stringify({
    version: "v1alpha1",
    machine: { type: "controlplane", network: { kubespan: { enabled: true } } },
    cluster: {
      ...cluster,
      discovery: { enabled: true, registries: { service: { endpoint: service.url } } },
    },
  });
  const guide = await Guide.open(
    "talos-gpu.md",
    { gpu },
    {
      "what Talos has": async () => {
        const { namespace } = gpu.node;
        await namespace.write("/run/root/controlplane.yaml", machineConfig);
        await namespace.write("/run/root/ca.crt", "");
        await namespace.write("/run/root/bootstrap-kubeconfig", "");
        return "";
      },
    },
  );
  await guide.rest();
  expect((await shell(gpu, "ping -c 1 -W 5 192.0.2.10; test ! -e controlplane.yaml")).exitCode).toBe(0);
  await kubeletTakes(gpu);
  expect((await shell(gpu, "systemd-analyze verify /etc/systemd/system/kubeprism.*")).all).toBe("");
});

/** The kubelet of the page takes its options and its configuration, and ends at the authority, which is an empty file here. */
async function kubeletTakes(machine: Machine): Promise<void> {
  const unit = await read(machine, "/etc/systemd/system/kubelet.service.d/talos.conf");
  const command = /^ExecStart=\/usr\/bin\/(kubelet .+)$/m.exec(unit)?.[1] ?? expect.fail(unit);
  const { exitCode, all } = await shell(machine, `${await kubernetes()}/${command}`);
  expect(exitCode, all).not.toBe(0);
  expect(all).toContain("unable to load client CA file /etc/kubernetes/pki/ca.crt");
  expect(all).not.toMatch(
    /unknown flag|strict decoding|failed to load kubelet config|failed to validate|deprecated/,
  );
}

const read = async (machine: Machine, file: string): Promise<string> =>
  (await shell(machine, `cat ${file}`)).all;

async function mtuOf(machine: Machine): Promise<number> {
  const { node } = JSON.parse((await shell(machine, "kubespan status -o json")).all) as {
    node: { mtu: number };
  };
  return node.mtu;
}
