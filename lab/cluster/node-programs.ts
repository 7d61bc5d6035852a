import { join } from "node:path";
import { stringify } from "yaml";
import type { LabNode } from "../node.ts";
import { image, type Programs } from "../programs/index.ts";
import { Service } from "../service.ts";
import type { ControlPlane } from "./control-plane.ts";
import { nodeNames, ofFamilies, podNetwork, type Variant } from "./plan.ts";

const folder = "/run/kubernetes";
const socket = "/run/containerd/containerd.sock";
const configuration = `${folder}/kubeconfig`;

/** The parts of containerd that look for file systems that are not there. */
const snapshotters = ["aufs", "btrfs", "devmapper", "zfs"];

const containerd = (programs: Programs): string => `
version = 2
root = "/run/containerd-root"
state = "/run/containerd"
disabled_plugins = [${snapshotters.map((name) => `"io.containerd.snapshotter.v1.${name}"`).join(", ")}]
[grpc]
  address = "${socket}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${image.pause}"
  disable_apparmor = true
  disable_hugetlb_controller = true
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/opt/cni/bin"
    conf_dir = "/etc/cni/net.d"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        BinaryName = "${join(programs.containerd, "runc")}"
`;

/** What a kubelet needs here to take a namespace for a machine, and to be in no hurry to evict. */
const kubelet = {
  apiVersion: "kubelet.config.k8s.io/v1beta1",
  kind: "KubeletConfiguration",
  authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
  authorization: { mode: "AlwaysAllow" },
  cgroupDriver: "cgroupfs",
  failCgroupV1: false,
  failSwapOn: false,
  featureGates: { KubeletInUserNamespace: true },
  localStorageCapacityIsolation: false,
  imageGCHighThresholdPercent: 100,
  evictionHard: { "memory.available": "10Mi" },
  containerRuntimeEndpoint: `unix://${socket}`,
  clusterDNS: ["10.96.0.53"],
  clusterDomain: "cluster.local",
  resolvConf: "/etc/resolv.conf",
};

const kubeProxy = (mode: Variant["proxy"], families: Pick<Variant, "isDual">) => ({
  apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
  kind: "KubeProxyConfiguration",
  clientConnection: { kubeconfig: `${folder}/proxy.kubeconfig` },
  clusterCIDR: ofFamilies(podNetwork, families),
  mode,
  conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: "0s", tcpCloseWaitTimeout: "0s" },
});

/** containerd, kubelet and kube-proxy on a node. */
export class NodePrograms {
  readonly #node: LabNode;
  readonly #programs: Programs;
  readonly services: Readonly<Record<"containerd" | "kubelet" | "kube-proxy", Service>>;

  /** `options` are further ones of the kubelet. */
  constructor(node: LabNode, programs: Programs, options: readonly string[] = []) {
    this.#node = node;
    this.#programs = programs;
    const { namespace, name } = node;
    const path = `PATH=${programs.containerd}:${process.env["PATH"]}`;
    const runtime = ["env", path, join(programs.containerd, "containerd"), "--config"];
    const part = (program: string, ...args: string[]): Service =>
      new Service(namespace, program, [
        join(programs.kubernetes, program),
        `--config=${folder}/${program}.yaml`,
        `--hostname-override=${name}`,
        ...args,
      ]);
    this.services = {
      // A kubelet that gets no answer gives up at once.
      containerd: new Service(
        namespace,
        "containerd",
        [...runtime, `${folder}/containerd.toml`],
        "Start streaming server",
      ),
      kubelet: part("kubelet", `--kubeconfig=${configuration}`, ...options),
      "kube-proxy": part("kube-proxy"),
    };
  }

  async start(plane: ControlPlane, { proxy, ...families }: Pick<Variant, "proxy" | "isDual">): Promise<void> {
    const { namespace, name } = this.#node;
    const files = {
      "containerd.toml": containerd(this.#programs),
      "kubelet.yaml": stringify(kubelet),
      "kube-proxy.yaml": stringify(kubeProxy(proxy, families)),
      kubeconfig: plane.kubeconfig(nodeNames.find((each) => each === name) ?? "admin"),
      "proxy.kubeconfig": plane.kubeconfig("proxy"),
      "admin.kubeconfig": plane.kubeconfig("admin"),
    };
    for (const [file, text] of Object.entries(files)) await namespace.write(`${folder}/${file}`, text);
    await namespace.run("sh", "-c", `cp ${this.#programs.plugins}/* /opt/cni/bin/`);
    await this.services.containerd.start();
    await this.import(this.#programs.images);
    await this.services.kubelet.start();
    await this.services["kube-proxy"].start();
  }

  /** Makes the images of an archive known to containerd. */
  async import(archive: string): Promise<void> {
    await this.#ctr("images", "import", archive);
  }

  #ctr(...args: string[]): Promise<string> {
    const ctr = join(this.#programs.containerd, "ctr");
    return this.#node.run(
      ctr,
      "--address",
      socket,
      "--connect-timeout",
      "2s",
      "--namespace",
      "k8s.io",
      ...args,
    );
  }
}
