import { CoreV1Api, PatchStrategy, setHeaderOptions } from "@kubernetes/client-node";
import type { ApiServer } from "../../test/kubernetes/api-server.ts";
import { annotationsOfOne } from "../../test/kubernetes/registries.ts";
import { idOf } from "../../test/unit/discovery/samples.ts";

/** The requests under way at a time. */
const atOnce = 16;

const nameOf = (index: number): string => `node-${String(index).padStart(5, "0")}`;

/** The Nodes of a cluster, as large as those of real machines: most of each are the images that it has. */
export class BenchNodes {
  readonly #api: CoreV1Api;
  readonly count: number;

  private constructor(api: CoreV1Api, count: number) {
    this.#api = api;
    this.count = count;
  }

  static async make(server: ApiServer, count: number): Promise<BenchNodes> {
    const nodes = new BenchNodes(await server.admin(CoreV1Api), count);
    await nodes.#each(count, (index) => nodes.#make(index));
    return nodes;
  }

  /** Lets the first so many Nodes announce another address, each once. */
  async change(count: number, address: string): Promise<void> {
    const options = setHeaderOptions("Content-Type", PatchStrategy.MergePatch);
    const annotations = { "networking.talos.dev/self-ips": address };
    await this.#each(count, (index) =>
      this.#api.patchNode({ name: nameOf(index), body: { metadata: { annotations } } }, options),
    );
  }

  /** Lets the kubelets of the first so many Nodes say that they live. */
  async heartbeat(count: number): Promise<void> {
    const options = setHeaderOptions("Content-Type", PatchStrategy.StrategicMergePatch);
    const conditions = [{ type: "Ready", status: "True", lastHeartbeatTime: new Date() }];
    await this.#each(count, (index) =>
      this.#api.patchNodeStatus({ name: nameOf(index), body: { status: { conditions } } }, options),
    );
  }

  async #each(count: number, act: (index: number) => Promise<unknown>): Promise<void> {
    let next = 0;
    const work = async (): Promise<void> => {
      while (next < count) await act(next++);
    };
    await Promise.all(Array.from({ length: atOnce }, work));
  }

  #make(index: number): Promise<unknown> {
    const name = nameOf(index);
    const third = `${index >> 8}.${index & 255}`;
    return this.#api.createNode({
      body: {
        metadata: {
          name,
          annotations: {
            ...annotationsOfOne,
            "cluster.talos.dev/node-id": idOf(name),
            "networking.talos.dev/self-ips": `10.0.${third}`,
          },
          labels: {
            "kubernetes.io/hostname": name,
            "kubernetes.io/os": "linux",
            "kubernetes.io/arch": "amd64",
          },
        },
        spec: { podCIDR: `10.244.${index & 255}.0/24`, podCIDRs: [`10.244.${index & 255}.0/24`] },
        status: {
          nodeInfo: {
            ...Object.fromEntries(infoFields.map((field) => [field, "0123456789abcdef"])),
            osImage: "Debian GNU/Linux 13 (trixie)",
          } as never,
          conditions: ["MemoryPressure", "DiskPressure", "PIDPressure", "Ready"].map((type) => ({
            type,
            status: type === "Ready" ? "True" : "False",
            reason: "KubeletHasWhatItNeeds",
            message: "kubelet has sufficient memory, disk, PID available, and is posting ready status",
            lastHeartbeatTime: new Date(),
            lastTransitionTime: new Date(),
          })),
          images: Array.from({ length: 50 }, (_, image) => ({
            names: [
              `registry.example.org/some/project/image-${image}@sha256:${"0123456789abcdef".repeat(4)}`,
              `registry.example.org/some/project/image-${image}:v1.${image}.0-build.${index}`,
            ],
            sizeBytes: 123_456_789,
          })),
        },
      },
    });
  }
}

const infoFields = [
  "architecture",
  "bootID",
  "containerRuntimeVersion",
  "kernelVersion",
  "kubeProxyVersion",
  "kubeletVersion",
  "machineID",
  "operatingSystem",
  "systemUUID",
];
