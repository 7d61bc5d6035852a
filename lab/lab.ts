import { readFileSync } from "node:fs";
import { output } from "./command.ts";
import { machine } from "./machine.ts";
import { destroyNamespaces, type Kind, listNamespaces, Namespace } from "./namespace.ts";
import { LabNode, type Network } from "./node.ts";
import { Router } from "./router.ts";
import { booted, systemd } from "./systemd.ts";

const prefix = "kubespan-lab";
const endings = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * A small internet of network namespaces: networks (bridges), nodes, and routers with NAT between networks. It does not
 * touch the host's own network, and it is removed when the lab is closed or the process ends.
 */
export class Lab {
  readonly #owner = `${prefix}-${process.pid}-${startTime(process.pid)}`;
  readonly #names: string[] = [];
  #wires: Namespace | undefined;
  readonly #atExit = (): void => this.#destroy();
  readonly #atSignal = (signal: NodeJS.Signals): void => {
    this.#destroy();
    process.kill(process.pid, signal); // the signal then ends this process, as it would without the lab
  };

  /** Removes what labs of dead processes left behind, then starts an empty lab. */
  static async open(): Promise<Lab> {
    destroyNamespaces(listNamespaces().filter((name) => isStale(name)));
    const lab = new Lab();
    process.on("exit", lab.#atExit);
    for (const signal of endings) process.once(signal, lab.#atSignal);
    lab.#wires = await lab.#namespace("wires");
    return lab;
  }

  /** The living processes that have labs, apart from this one. */
  static owners(): number[] {
    const pids = listNamespaces()
      .filter((name) => !isStale(name))
      .flatMap((name) => ownerOf(name)?.pid ?? []);
    return [...new Set(pids)].filter((pid) => pid !== process.pid);
  }

  /** A network on which every attached node sees the others. Captures see all of its packets under this name. */
  async network(name: string): Promise<Network> {
    await this.wires.run("ip", "link", "add", name, "type", "bridge", "mcast_snooping", "0");
    await this.wires.run("ip", "link", "set", name, "up");
    return { name };
  }

  async node(name: string): Promise<LabNode> {
    return new LabNode(name, await this.#namespace(name), this);
  }

  /** A node that can run containers: see `machine`. */
  async machine(name: string): Promise<LabNode> {
    return new LabNode(name, await this.#namespace(name, machine), this);
  }

  /** A node with this root, whose process 1 is the systemd in it: see `systemd`. The root itself is not changed. */
  async systemd(name: string, root: string): Promise<LabNode> {
    const namespace = await this.#namespace(name, (full) => systemd(full, name, root));
    await booted(namespace);
    return new LabNode(name, namespace, this);
  }

  /** A router between an inside and an outside network. Its addresses are set with `attach`, outside first. */
  async router(name: string): Promise<Router> {
    return new Router(name, await this.#namespace(name), this);
  }

  /** The namespace in which all networks can be captured. */
  get wires(): Namespace {
    if (!this.#wires) throw new Error("the lab is closed");
    return this.#wires;
  }

  /** A cable between two namespaces, or from a namespace to a network. */
  async connect(from: Namespace, fromName: string, to: Namespace | Network, toName: string): Promise<void> {
    const far = to instanceof Namespace ? to : this.wires;
    const peer = ["peer", "name", toName, "netns", far.name];
    await output(["ip", "link", "add", fromName, "netns", from.name, "type", "veth", ...peer]);
    if (!(to instanceof Namespace)) await far.run("ip", "link", "set", toName, "master", to.name);
    await far.run("ip", "link", "set", toName, "up");
    await from.run("ip", "link", "set", fromName, "up");
  }

  async close(): Promise<void> {
    this.#destroy();
  }

  #destroy(): void {
    process.off("exit", this.#atExit);
    for (const signal of endings) process.off(signal, this.#atSignal);
    this.#wires = undefined;
    destroyNamespaces(this.#names.splice(0));
  }

  async #namespace(name: string, kind?: (full: string) => Promise<Kind>): Promise<Namespace> {
    const full = `${this.#owner}-${name}`;
    this.#names.push(full);
    return Namespace.create(full, name, await kind?.(full));
  }
}

/** The start of a process in clock ticks since boot. With the pid it identifies a process for ever. */
function startTime(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ")[19];
  } catch {
    return undefined; // the process does not exist
  }
}

function ownerOf(name: string): { pid: number; start: string } | undefined {
  const [, pid, start] = new RegExp(`^${prefix}-(\\d+)-(\\d+)-`).exec(name) ?? [];
  return pid === undefined || start === undefined ? undefined : { pid: Number(pid), start };
}

function isStale(name: string): boolean {
  const owner = ownerOf(name);
  return owner !== undefined && startTime(owner.pid) !== owner.start;
}
