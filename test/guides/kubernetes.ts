import { parse, parseAllDocuments } from "yaml";
import { ControlPlane, Flannel, NodePrograms } from "../../lab/cluster/index.ts";
import { waitFor } from "../../lab/index.ts";
import { clusterPrograms, type Programs } from "../../lab/programs/index.ts";
import type { StandIn } from "./guide.ts";
import type { Machine } from "./machine.ts";

interface KubeadmDocument {
  readonly kind: string;
  readonly localAPIEndpoint?: { readonly advertiseAddress: string };
  readonly controlPlaneEndpoint?: string;
  readonly networking?: { readonly podSubnet: string; readonly serviceSubnet: string };
  readonly discovery?: { readonly bootstrapToken: { readonly apiServerEndpoint: string } };
  readonly nodeRegistration?: {
    readonly name: string;
    readonly kubeletExtraArgs: readonly { readonly name: string; readonly value: string }[];
  };
}

/**
 * Stands for kubeadm and for Flannel's manifest: starts the same programs with what the reader wrote to kubeadm.yaml and
 * flannel-mtu.yaml.
 */
export class Kubernetes {
  readonly #machines: Readonly<Record<string, Machine>>;
  readonly #programs: Programs;
  readonly #nodes = new Map<string, NodePrograms>();
  #plane: ControlPlane | undefined;
  /** The net-conf.json of the cluster, once there is one. */
  #netConf = "";

  private constructor(machines: Readonly<Record<string, Machine>>, programs: Programs) {
    this.#machines = machines;
    this.#programs = programs;
  }

  static async open(machines: Readonly<Record<string, Machine>>): Promise<Kubernetes> {
    return new Kubernetes(machines, await clusterPrograms());
  }

  readonly standIns: Readonly<Record<string, StandIn>> = {
    "the control plane": ({ node }) => this.#init(node),
    "a worker": ({ node }) => this.#join(node),
    Flannel: ({ node }) => this.#flannel(node),
  };

  get plane(): ControlPlane {
    if (!this.#plane) throw new Error("there is no control plane yet");
    return this.#plane;
  }

  async #init(name: string): Promise<string> {
    const { node } = this.#machine(name);
    const { advertiseAddress } = this.#written(name, "InitConfiguration").localAPIEndpoint ?? {};
    const { controlPlaneEndpoint } = this.#written(name, "ClusterConfiguration");
    if (advertiseAddress === undefined || controlPlaneEndpoint !== `${advertiseAddress}:6443`)
      throw new Error("kubeadm.yaml gives the API server no address, or two");
    const plane = new ControlPlane(node, this.#programs, [{ name, address: advertiseAddress }]);
    this.#plane = plane;
    await plane.start();
    await node.namespace.write("/run/root/.kube/config", plane.kubeconfig("admin"));
    await this.#kubelet(name, this.#written(name, "InitConfiguration"));
    return "";
  }

  async #join(name: string): Promise<string> {
    const written = this.#written(name, "JoinConfiguration");
    const { apiServerEndpoint } = written.discovery?.bootstrapToken ?? {};
    if (`https://${apiServerEndpoint}` !== this.#server())
      throw new Error(`kubeadm.yaml names ${apiServerEndpoint} and the API server is at ${this.#server()}`);
    await this.#kubelet(name, written);
    if (this.#netConf !== "") await this.#startFlannel(name);
    return "";
  }

  /** The URL of the API server, as its kubeconfig has it. */
  #server(): string {
    const { clusters } = parse(this.plane.kubeconfig("admin")) as {
      readonly clusters: readonly { readonly cluster: { readonly server: string } }[];
    };
    return clusters[0]?.cluster.server ?? "";
  }

  async #kubelet(name: string, { nodeRegistration }: KubeadmDocument): Promise<void> {
    if (nodeRegistration?.name !== name) throw new Error(`kubeadm.yaml of ${name} has another name`);
    const options = nodeRegistration.kubeletExtraArgs.map((each) => `--${each.name}=${each.value}`);
    const programs = new NodePrograms(this.#machine(name).node, this.#programs, options);
    this.#nodes.set(name, programs);
    await programs.start(this.plane, { proxy: "iptables" });
  }

  /** The DaemonSet runs where there is a kubelet. */
  async #flannel(on: string): Promise<string> {
    const text = this.#machine(on).node.namespace.read("/run/root/flannel-mtu.yaml");
    const { data } = parse(text) as { readonly data: { readonly "net-conf.json": string } };
    this.#netConf = data["net-conf.json"];
    await Promise.all([...this.#nodes.keys()].map((name) => this.#startFlannel(name)));
    return "";
  }

  /** flanneld ends where the node has no pod network yet; the manifest would start it again. */
  async #startFlannel(name: string): Promise<void> {
    await waitFor(
      () =>
        this.plane
          .kubectl("get", "node", name, "-o", "jsonpath={.spec.podCIDR}")
          .then((network) => network !== ""),
      { what: `the pod network of ${name}` },
    );
    await new Flannel(this.#machine(name).node, this.#programs, this.#netConf).setUp();
  }

  #written(name: string, kind: string): KubeadmDocument {
    const text = this.#machine(name).node.namespace.read("/run/root/kubeadm.yaml");
    const documents = parseAllDocuments(text).map((each) => each.toJS() as KubeadmDocument);
    const found = documents.find((each) => each.kind === kind);
    if (!found) throw new Error(`kubeadm.yaml of ${name} has no ${kind}`);
    return found;
  }

  #machine(name: string): Machine {
    const machine = this.#machines[name];
    if (!machine) throw new Error(`there is no machine ${name}`);
    return machine;
  }
}
