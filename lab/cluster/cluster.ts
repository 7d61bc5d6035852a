import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Lab } from "../lab.ts";
import { clusterPrograms, type Programs } from "../programs/index.ts";
import { Service } from "../service.ts";
import { waitFor } from "../wait.ts";
import { ControlPlane } from "./control-plane.ts";
import { Flannel, netConfOf } from "./flannel.ts";
import { measure } from "./measure.ts";
import { Mesh } from "./mesh.ts";
import { NodePrograms } from "./node-programs.ts";
import { startOwnCNI } from "./own-cni.ts";
import { address, addressOf, familiesOf, type NodeName, nodeNames, type Variant } from "./plan.ts";
import { findPods, type Pod } from "./pods.ts";
import { networkPolicies } from "./policies.ts";
import { forget, killAll } from "./power.ts";
import { buildSite, type Site } from "./site.ts";
import type { Verdict } from "./verdict.ts";
import { type Asked, hostPorts, waysOf } from "./ways.ts";
import { workload } from "./workload.ts";

const relay = join(import.meta.dirname, "../relay.ts");

interface NodeObject {
  readonly spec: { readonly podCIDR?: string };
}

interface Lease {
  readonly spec: { readonly renewTime: string };
}

/** A real Kubernetes cluster on three nodes in namespaces, with a mesh under it. It ends with its lab. */
export class KubernetesCluster {
  readonly site: Site;
  readonly plane: ControlPlane;
  readonly variant: Variant;
  readonly programs: Programs;
  readonly #lab: Lab;
  readonly #tell: (text: string) => void;
  /** The programs that run on each node, apart from the control plane and the daemon of the mesh. */
  readonly services: Readonly<Record<NodeName, Record<string, Service>>>;
  readonly mesh: Mesh;
  readonly #runtimes: Readonly<Record<NodeName, NodePrograms>>;
  /** What answers on the nodes themselves. */
  readonly #probes: Readonly<Record<NodeName, Service>>;

  private constructor(
    lab: Lab,
    parts: { site: Site; variant: Variant; programs: Programs; tell: (text: string) => void },
  ) {
    const { site, variant, programs, tell } = parts;
    this.#lab = lab;
    this.site = site;
    this.variant = variant;
    this.programs = programs;
    this.#tell = tell;
    this.plane = new ControlPlane(site.nodes.n1, programs, undefined, variant);
    this.#runtimes = each(
      (name) => new NodePrograms(site.nodes[name], programs, nodeAddresses(name, variant)),
    );
    this.services = each((name) => ({ ...this.#runtimes[name].services }));
    this.mesh = new Mesh(site, variant);
    const serving = [programs.probe, "serve", `:${hostPorts.tcp}`, `:${hostPorts.udp}`];
    this.#probes = each((name) => new Service(site.nodes[name].namespace, "probe", serving));
  }

  /** Builds everything and waits until the pods run. `tell` hears what has been reached. */
  static async start(
    lab: Lab,
    variant: Variant,
    tell: (text: string) => void = () => undefined,
  ): Promise<KubernetesCluster> {
    const started = performance.now();
    const timed = (text: string): void =>
      tell(`${((performance.now() - started) / 1000).toFixed(0)} s: ${text}`);
    const programs = await clusterPrograms();
    const site = await buildSite(lab, variant);
    timed("the machines are there");
    const cluster = new KubernetesCluster(lab, { site, variant, programs, tell: timed });
    await cluster.#start();
    return cluster;
  }

  async #start(): Promise<void> {
    await this.plane.start();
    this.#tell("the control plane answers");
    await this.mesh.configure(this.plane);
    await all((name) =>
      Promise.all([this.#runtimes[name].start(this.plane, this.variant), this.mesh.startOn(name)]),
    );
    await this.#registered();
    this.#tell("the nodes are registered");
    await this.mesh.isUp();
    this.#tell("the mesh is up");
    await this.#startNetwork();
    await this.plane.apply(workload(this.variant));
    await this.plane.kubectl("wait", "--for=condition=Ready", "node", "--all", "--timeout=300s");
    await this.plane.kubectl("rollout", "status", "daemonset/probe", "--timeout=300s");
    await this.plane.kubectl("wait", "--for=condition=Ready", "pod", "--all", "--timeout=300s");
    await all((name) => this.#hostProbe(name));
    this.#tell("the pods run");
  }

  /** Cuts the power of all nodes at once. What is on their disks stays. */
  async cutPower(): Promise<void> {
    const services = [
      ...Object.values(this.plane.services),
      ...nodeNames.flatMap((name) => [
        ...Object.values(this.services[name]),
        this.#probes[name],
        this.site.nodes[name].daemon,
      ]),
    ];
    const ends = services.map((service) => service.ended());
    for (const name of nodeNames) killAll(this.site.nodes[name].namespace);
    await Promise.all(ends);
    await all((name) => forget(this.site.nodes[name]));
    this.#tell("the power is off");
  }

  /** Starts what ran before on a node, apart from the control plane and the daemon of the mesh. */
  async startNode(name: NodeName): Promise<void> {
    for (const service of [...Object.values(this.services[name]), this.#probes[name]]) await service.start();
  }

  /** Waits until every node has said anew that it is ready, and until its pods have other processes than before. */
  async recovered(): Promise<void> {
    for (const name of nodeNames) await this.saysSo(name);
    const { of, only } = await this.pods();
    for (const pod of [...Object.values(of), only])
      await this.plane.kubectl("wait", "--for=condition=Ready", `pod/${pod.name}`, "--timeout=300s");
    this.#tell("the pods run again");
  }

  async #registered(): Promise<void> {
    await waitFor(
      async () => {
        const nodes = await this.plane.list<NodeObject>("nodes");
        return nodes.length === nodeNames.length && nodes.every(({ spec }) => spec.podCIDR !== undefined);
      },
      { what: "the nodes in Kubernetes", describe: () => this.logs("kubelet") },
    );
  }

  /** Waits until each node has its peers, and knows its own pod network if that is to be advertised. */
  meshIsUp(): Promise<void> {
    return this.mesh.isUp();
  }

  async #startNetwork(): Promise<void> {
    const { cni } = this.variant;
    if (cni !== "flannel")
      return startOwnCNI(cni.folder, {
        nodes: this.site.nodes,
        plane: this.plane,
        kubernetes: this.programs.kubernetes,
        import: (name, archive) => this.#runtimes[name].import(archive),
      });
    await all(async (name) => {
      const flannel = new Flannel(this.site.nodes[name], this.programs, netConfOf(this.variant));
      this.services[name]["flanneld"] = flannel;
      await flannel.setUp();
    });
    this.#tell("Flannel is up");
    if (this.variant.hasPolicies) await all((name) => this.#startPolicies(name));
  }

  async #startPolicies(name: NodeName): Promise<void> {
    const policies = await networkPolicies(this.site.nodes[name]);
    this.services[name]["kube-router"] = policies;
    await policies.start();
  }

  async #hostProbe(name: NodeName): Promise<void> {
    const { namespace } = this.site.nodes[name];
    await this.#probes[name].start();
    const asking = [this.programs.probe, "tcp", "w-0000000000", `127.0.0.1:${hostPorts.tcp}`];
    await waitFor(async () => (await namespace.attempt(...asking)).exitCode === 0, {
      what: `the probe on ${name}`,
    });
  }

  /** The pods that are asked, as they are now. */
  async pods(): Promise<Asked> {
    return waitFor(
      async () => {
        const found = await findPods(this.plane, (name) => this.site.nodes[name].namespace.name);
        const only = found.find(({ name }) => name === "only");
        const of = Object.fromEntries(
          found.filter(({ name }) => name !== "only").map((pod) => [pod.node, pod]),
        ) as Partial<Record<NodeName, Pod>>;
        const { n1, n2, n3 } = of;
        return only && n1 && n2 && n3 && { only, of: { n1, n2, n3 } };
      },
      { what: "the pods' processes", describe: () => this.plane.kubectl("get", "pods", "-o", "wide") },
    );
  }

  /** Asks every way. */
  async measure(): Promise<Verdict[]> {
    const pods = await this.pods();
    const ways = familiesOf(this.variant).flatMap((family) => waysOf(pods, this.variant, family));
    return measure(this.#lab, this.site, this.programs.probe, ways);
  }

  /** Starts every program anew, one after the other, and goes on to the next node when all of it is at work again. */
  async restartAll(): Promise<void> {
    await this.plane.restart();
    for (const name of nodeNames) {
      const { daemon } = this.site.nodes[name];
      await daemon.stop();
      await daemon.start();
      await this.meshIsUp();
      for (const service of Object.values(this.services[name])) {
        await service.stop();
        await service.start();
      }
      await this.saysSo(name);
    }
  }

  /** Waits until a node's kubelet has told Kubernetes something new, and says that the node is ready. */
  async saysSo(name: NodeName): Promise<void> {
    const began = Date.now();
    const told = (lease: Lease): boolean => Date.parse(lease.spec.renewTime) > began;
    await waitFor(
      async () =>
        told(
          JSON.parse(
            await this.plane.kubectl("get", "lease", name, "-n", "kube-node-lease", "-o", "json"),
          ) as Lease,
        ),
      { what: `the kubelet of ${name}`, describe: () => this.logs("kubelet") },
    );
    await this.plane.kubectl("wait", "--for=condition=Ready", `node/${name}`, "--timeout=120s");
  }

  /** Opens the API at a Unix socket of the machine, whose path is given. */
  async apiSocket(): Promise<string> {
    const { namespace } = this.site.nodes.n1;
    const inside = "/run/api.sock";
    await new Service(namespace, "relay", [process.execPath, relay, inside, `${address.n1}:6443`]).start();
    const path = namespace.path(inside);
    await waitFor(() => existsSync(path), { what: "the way to the API" });
    return path;
  }

  /** The ends of the logs of a program on all nodes. */
  async logs(service: string): Promise<string> {
    const texts = nodeNames.map(async (name) => {
      const text = await this.services[name][service]?.log();
      return `--- ${service} on ${name}\n${text?.slice(-4000) ?? ""}`;
    });
    return (await Promise.all(texts)).join("\n");
  }
}

/** The kubelet's options with the node's addresses, which it finds itself where it is to have one. */
const nodeAddresses = (name: NodeName, variant: Variant): string[] =>
  variant.isDual
    ? [
        `--node-ip=${familiesOf(variant)
          .map((family) => addressOf(family)[name])
          .join()}`,
      ]
    : [];

const each = <Value>(make: (name: NodeName) => Value): Record<NodeName, Value> => ({
  n1: make("n1"),
  n2: make("n2"),
  n3: make("n3"),
});

const all = (work: (name: NodeName) => Promise<unknown>): Promise<unknown> =>
  Promise.all(nodeNames.map((name) => work(name)));
