import { fetchStatus } from "../src/api/effects/client.ts";
import type { PeerReport, Status } from "../src/api/status.ts";
import { Machine } from "./machine.ts";
import type { Network } from "./network.ts";
import type { Ending, Program } from "./program.ts";
import { Space } from "./space.ts";
import { waitFor } from "./wait-for.ts";

/** What is built from this checkout. */
export const kubespan = new URL("../bin/kubespan", import.meta.url).pathname;

export const configFile = "/etc/kubespan/config.yaml";
const runDirectory = "/run/kubespan";

/** A machine on which kubespan runs. */
export class Node extends Machine {
  /** Of all daemons that were started here, the last at the end. */
  readonly daemons: Program[] = [];

  /** The program with these arguments; what it printed. */
  kubespan(...args: string[]): Promise<string> {
    return this.run(kubespan, ...args);
  }

  /** Writes the configuration, if one is given, and starts `kubespan run`; resolves when the daemon answers. */
  async startDaemon(config?: string): Promise<Program> {
    if (config !== undefined) await this.space.writeFile(configFile, config);
    const daemon = this.space.start(kubespan, "run");
    this.daemons.push(daemon);
    await waitFor(
      async () => {
        if (daemon.hasEnded()) throw new Error("it has ended");
        return this.status();
      },
      { what: `the daemon of ${this.name}`, describe: () => this.log() },
    );
    return daemon;
  }

  /** Ends the daemon; the data plane stays. */
  async stopDaemon(signal?: NodeJS.Signals): Promise<Ending> {
    return this.#daemon().stop(signal);
  }

  /** Gives the daemon another configuration to read. */
  async reload(config: string): Promise<void> {
    await this.space.writeFile(configFile, config);
    await this.#daemon().signal("SIGHUP");
  }

  /** What `kubespan status -o json` prints, asked for without starting a process. */
  status(): Promise<Status> {
    return fetchStatus(this.space.path(runDirectory));
  }

  async peer(label: string): Promise<PeerReport | undefined> {
    return (await this.status()).peers.find((peer) => peer.label === label);
  }

  /** The end of what its daemons logged. */
  log(count = 15): string {
    return this.daemons
      .flatMap((daemon) => daemon.lines)
      .slice(-count)
      .join("\n");
  }

  #daemon(): Program {
    const daemon = this.daemons.at(-1);
    if (!daemon) throw new Error(`no daemon was started on ${this.name}`);
    return daemon;
  }
}

/** A pod network behind a node, such as `10.244.1`: the node has .1, the pod that is given back .2. */
export async function makePod(
  node: Node,
  network: string,
  open: (name: string) => Promise<Space>,
): Promise<Machine> {
  const pod = new Machine(await open(`pod-${node.name}`));
  await node.space.wire("pods", pod.space, "eth0");
  await node.address("pods", `${network}.1/24`);
  await pod.address("eth0", `${network}.2/24`);
  await pod.run("ip", "route", "add", "default", "via", `${network}.1`);
  return pod;
}
