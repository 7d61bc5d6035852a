import { readFileSync } from "node:fs";
import { output } from "./command.ts";
import { destroyNamespaces, listNamespaces, Namespace } from "./namespace.ts";
import { LabNode, type Network } from "./node.ts";
import { Router } from "./router.ts";

const prefix = "kubespan-lab";
const endings = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * A small internet out of network namespaces: networks (bridges), nodes, and routers with NAT between networks.
 * Nothing of it touches the host's own network, and all of it goes when the lab is closed or the process ends.
 */
export class Lab {
  readonly #owner = `${prefix}-${process.pid}-${startTime(process.pid)}`;
  readonly #names: string[] = [];
  #wires: Namespace | undefined;
  readonly #atExit = (): void => this.#destroy();
  readonly #atSignal = (signal: NodeJS.Signals): void => {
    this.#destroy();
    process.kill(process.pid, signal); // what would have happened without us
  };

  /** Removes what labs of dead processes left behind, then starts empty. */
  static async open(): Promise<Lab> {
    destroyNamespaces(listNamespaces().filter((name) => isStale(name)));
    const lab = new Lab();
    process.on("exit", lab.#atExit);
    for (const signal of endings) process.once(signal, lab.#atSignal);
    lab.#wires = await lab.#namespace("wires");
    return lab;
  }

  /** The living processes, other than this one, that have labs. */
  static owners(): number[] {
    const pids = listNamespaces()
      .filter((name) => !isStale(name))
      .flatMap((name) => ownerOf(name)?.pid ?? []);
    return [...new Set(pids)].filter((pid) => pid !== process.pid);
  }

  /** A network: every node that is attached to it hears the others. Captures see all of it under this name. */
  async network(name: string): Promise<Network> {
    await this.wires.run("ip", "link", "add", name, "type", "bridge", "mcast_snooping", "0");
    await this.wires.run("ip", "link", "set", name, "up");
    return { name };
  }

  async node(name: string): Promise<LabNode> {
    return new LabNode(name, await this.#namespace(name), this);
  }

  /** A router between an inside and an outside network; give it addresses with `attach`, outside first. */
  async router(name: string): Promise<Router> {
    return new Router(name, await this.#namespace(name), this);
  }

  /** Where all networks can be listened to. */
  get wires(): Namespace {
    if (!this.#wires) throw new Error("the lab is closed");
    return this.#wires;
  }

  /** A cable between two namespaces, or from one to a network. */
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

  async #namespace(name: string): Promise<Namespace> {
    const full = `${this.#owner}-${name}`;
    this.#names.push(full);
    return Namespace.create(full, name);
  }
}

/** In clock ticks since boot; together with the pid it names a process for good. */
function startTime(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ")[19];
  } catch {
    return undefined; // there is no such process
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
