import type { ConfigOptions } from "./config.ts";
import { Daemon } from "./daemon.ts";
import type { Namespace } from "./namespace.ts";

export interface Network {
  readonly name: string;
}

/** The functions of the lab that a node needs. */
interface Wiring {
  node(name: string): Promise<LabNode>;
  connect(from: Namespace, fromName: string, to: Namespace | Network, toName: string): Promise<void>;
}

/** A host on one or more networks. Its links are eth0, eth1 and so on. */
export class LabNode {
  readonly name: string;
  readonly namespace: Namespace;
  readonly #lab: Wiring;
  #links = 0;
  #daemon: Daemon | undefined;

  constructor(name: string, namespace: Namespace, lab: Wiring) {
    this.name = name;
    this.namespace = namespace;
    this.#lab = lab;
  }

  /** Attaches the node to a network, and gives the name of the new link. */
  async attach(network: Network, ...addresses: string[]): Promise<string> {
    const link = `eth${this.#links++}`;
    await this.#lab.connect(this.namespace, link, network, `${this.name}.${link}`);
    for (const address of addresses) await this.address(link, address);
    return link;
  }

  async address(link: string, address: string): Promise<void> {
    const flags = address.includes(":") ? ["nodad"] : [];
    await this.run("ip", "address", "add", address, "dev", link, ...flags);
  }

  async defaultRoute(gateway: string): Promise<void> {
    await this.run("ip", "route", "add", "default", "via", gateway);
  }

  /**
   * A pod behind this node: a namespace of its own, routed through the link cni0. Its address is 10.244.THIRD.2 and, if
   * its /64 is given (`fd44:1`), 2 in that network.
   */
  async pod(third: number, network6?: string): Promise<LabNode> {
    const pod = await this.#lab.node(`${this.name}-pod`);
    await this.#lab.connect(pod.namespace, "eth0", this.namespace, "cni0");
    await this.address("cni0", `10.244.${third}.1/24`);
    await pod.address("eth0", `10.244.${third}.2/24`);
    await pod.defaultRoute(`10.244.${third}.1`);
    if (network6 === undefined) return pod;
    await this.address("cni0", `${network6}::1/64`);
    await pod.address("eth0", `${network6}::2/64`);
    await pod.defaultRoute(`${network6}::1`);
    return pod;
  }

  run(...argv: string[]): Promise<string> {
    return this.namespace.run(...argv);
  }

  /** Starts the daemon with a new configuration; `program` is the launcher of another build, for comparisons. */
  async start(options: ConfigOptions, program?: string): Promise<Daemon> {
    this.#daemon ??= new Daemon(this.name, this.namespace, undefined, program);
    await this.#daemon.configure(options);
    await this.#daemon.start();
    return this.#daemon;
  }

  /** Starts a further daemon, for a mesh of that name besides the first one. */
  async startSecond(name: string, options: ConfigOptions): Promise<Daemon> {
    const daemon = new Daemon(this.name, this.namespace, name);
    await daemon.configure(options);
    await daemon.start();
    return daemon;
  }

  get daemon(): Daemon {
    if (!this.#daemon) throw new Error(`no daemon was ever started on ${this.name}`);
    return this.#daemon;
  }

  /** Sends pings one after another, and gives the number of answers. */
  async ping(target: string, count = 3): Promise<{ readonly sent: number; readonly received: number }> {
    const options = ["-n", "-c", String(count), "-i", "0.1", "-W", "2"];
    const { stdout } = await this.namespace.attempt("ping", ...options, target);
    return pingCounts(stdout);
  }

  async reaches(target: string): Promise<boolean> {
    return (await this.ping(target, 1)).received > 0;
  }
}

/** Parses the last lines of `ping`. */
function pingCounts(text: string): { readonly sent: number; readonly received: number } {
  const [, sent = 0, received = 0] = /(\d+) packets transmitted, (\d+) received/.exec(text) ?? [];
  return { sent: Number(sent), received: Number(received) };
}
