import { containerdConfig, containerdSocket } from "./containerd.ts";
import type { LabNode } from "./node.ts";
import { debianDocker } from "./programs/index.ts";
import { Service } from "./service.ts";
import { showPackages } from "./shown.ts";
import { waitFor } from "./wait.ts";

const socket = "unix:///run/docker.sock";
const options = {
  "--host": socket,
  "--containerd": containerdSocket,
  "--data-root": "/run/docker-data",
  "--exec-root": "/run/docker",
  "--pidfile": "/run/docker.pid",
  "--storage-driver": "vfs", // an overlay on the node's memory needs more of the kernel than each has
};

/** A Docker daemon on a node that is a machine (`Lab.machine`), which finds control groups there. */
export class Docker {
  readonly #service: Service;

  private constructor(node: LabNode) {
    const argv = ["dockerd", ...Object.entries(options).flat()];
    this.#service = new Service(node.namespace, "dockerd", argv, "API listen on");
  }

  /** Installs Docker on the node, and starts what it needs. */
  static async install(node: LabNode): Promise<Docker> {
    await showPackages(node, await debianDocker());
    await node.namespace.write("/run/containerd.toml", containerdConfig);
    const argv = ["containerd", "--config", "/run/containerd.toml"];
    const below = new Service(node.namespace, "containerd", argv);
    await below.start();
    await waitFor(() => node.run("test", "-S", containerdSocket).then(() => true), {
      what: "containerd",
      describe: () => below.log(),
    });
    return new Docker(node);
  }

  /** Starts the daemon, and resolves when it answers. */
  async start(): Promise<void> {
    await this.#service.start();
  }

  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    await this.#service.stop(signal);
  }
}
