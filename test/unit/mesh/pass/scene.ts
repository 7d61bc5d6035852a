import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { pino } from "pino";
import { FakeKernel, pictureOf } from "../../../../lab/kernel/index.ts";
import { type Command, INPUT } from "../../../../src/base/index.ts";
import type { Config } from "../../../../src/config/index.ts";
import { applySteps } from "../../../../src/daemon/apply.ts";
import { loadBarrier } from "../../../../src/daemon/load-barrier.ts";
import { observeChanging, observeKernel } from "../../../../src/daemon/observe.ts";
import { removeMesh } from "../../../../src/daemon/remove-mesh.ts";
import { SecondBarrier } from "../../../../src/daemon/second-barrier.ts";
import { linksOf, type Members, standingsOf, stepMembers } from "../../../../src/members/index.ts";
import {
  type Decision,
  decide,
  decideAgain,
  emptyMemory,
  type Kernel,
  type Knowledge,
  type Memory,
  type MeshPlan,
  noWays,
  planMesh,
  planPolled,
  planRegistries,
  remember,
} from "../../../../src/mesh/index.ts";
import { OwnTransactions } from "../../../../src/nftables/effects/index.ts";
import { tunnelOf } from "../../../../src/peers/index.ts";
import { ownNetworks } from "../../../../src/routing/index.ts";
import type { Runner } from "../../../../src/system/index.ts";
import { observeDevice } from "../../../../src/wireguard/effects/index.ts";
import type { ObservedDevice } from "../../../../src/wireguard/index.ts";
import { config, keys, prefix, self } from "../values.ts";
import { answers, type Node } from "./nodes.ts";

/** Something that a kernel holds before a pass, as the commands that put it there. */
export type Held = readonly Command[];

const log = pino({ level: "silent" });
const passMs = 100;
/** Longer than any peer gets that was called for the first time. */
const calledAgainMs = 5_000;

/** The whole of a node but its sockets and processes: what registries say, what is remembered, and a fake kernel. */
export class Scene {
  kernel: FakeKernel;
  readonly config: Config;
  /** The packets that pass to peers; `undefined` where nobody looks. */
  pathMtus: Knowledge["pathMtus"];
  #now = 1_700_000_000_000;
  #nodes: readonly Node[] = [];
  #isSettled = true;
  #memory: Memory = emptyMemory;
  #decision: Decision | undefined;
  /** As the last pass found it that went to its end. */
  #last: Kernel | undefined;
  #barrier = new SecondBarrier(log);
  readonly #transactions = new OwnTransactions();
  #revision = 0;
  /** What is on disk, so it survives the process. */
  #members: Members = new Map();

  constructor(stateDirectory: string, changes: Partial<Config> = {}) {
    const advertisedPrefixes = [prefix("10.244.1.0/24")];
    this.config = config({ stateDirectory, advertisedPrefixes, ...changes });
    this.kernel = this.#boot();
  }

  #boot(): FakeKernel {
    const kernel = new FakeKernel({
      clock: () => this.#now,
      answers: (publicKey, at) => answers(this.#nodes, publicKey, at),
    });
    kernel.links.plug("eth0");
    return kernel;
  }

  /** What the registries say from now on; `isSettled`: they have told all that they know. */
  registriesSay(nodes: readonly Node[], isSettled = true): void {
    this.#nodes = nodes;
    this.#isSettled = isSettled;
  }

  async kernelHolds(...parts: readonly Held[]): Promise<void> {
    for (const command of parts.flat()) await this.kernel.run(command);
  }

  /** One pass over everything, as the daemon does it. Gives what was planned. */
  async pass(run: Runner = this.kernel.run): Promise<MeshPlan> {
    this.#now += passMs;
    return this.#decided(await this.#observe(run), planMesh, run);
  }

  /** One over what the registries have a say in; over everything where the last pass cannot be relied on. */
  async passOverRegistries(run: Runner = this.kernel.run): Promise<MeshPlan> {
    this.#now += passMs;
    const last = this.#last;
    const device = last?.wireguard.device;
    const changed =
      last && device && (await observeChanging({ run, log }, this.config, { kernel: last, device }));
    return changed ? this.#decided(changed, planRegistries, run) : this.pass(run);
  }

  async #decided(kernel: Kernel, planner: typeof planMesh, run: Runner): Promise<MeshPlan> {
    const { device } = kernel.wireguard;
    this.#last = undefined;
    this.#step(device);
    const decision = decide(this.#knowledge(kernel), device, this.#memory, this.#now);
    const plan = planner({ config: this.config, self }, keys, decision, kernel, this.#isSettled);
    this.#memory = decision.memory;
    this.#decision = decision;
    const hands = { run: this.#transactions.signing(run), log };
    await this.#barrier.apply(hands, this.config, plan, kernel);
    this.#last = kernel;
    return plan;
  }

  /** The members take in what the registries say, and who is connected. */
  #step(device: ObservedDevice | undefined): void {
    const news = {
      revision: ++this.#revision,
      heard: this.#nodes.map(({ claim }) => ({ nodeId: claim.nodeId, sealed: claim })),
      links: linksOf(device, (each) => tunnelOf(this.#memory.peers.connections.get(each))),
      leaving: new Map(),
      deletedNodes: new Set<string>(),
      forgetAfterMs: this.config.members.forgetAfterMinutes * 60_000,
      mayBeAbsent: this.#isSettled,
    };
    this.#members = stepMembers(this.#members, news, this.#now).members;
  }

  /** This machine, whatever it has, is taken for one whose kernel has WireGuard. */
  async #observe(run: Runner): Promise<Kernel> {
    const seen = await observeKernel(run, this.config, undefined, this.kernel.read);
    const { wireguard } = seen;
    return { ...seen, wireguard: wireguard.link ? wireguard : { ...wireguard, kernelSupport: true } };
  }

  #knowledge({ links, addresses }: Kernel): Knowledge {
    return {
      self,
      config: this.config,
      claims: [...this.#members.values()].flatMap(({ standing, claim, revision }) =>
        standing === "released" ? [] : { affiliate: claim, revision },
      ),
      standings: standingsOf(this.#members, this.#now),
      registries: [],
      ways: noWays,
      addresses: addresses.usable,
      networks: ownNetworks(links, addresses.usable),
      canRace: false,
      ...(this.pathMtus && { pathMtus: this.pathMtus }),
      mapping: undefined,
      origin: { startedAt: 1_700_000_000_000, machine: "" },
      lastNumber: 0,
      lastRanAt: 0,
    };
  }

  /** Time goes by without a pass. */
  wait(ms: number): void {
    this.#now += ms;
  }

  /** A look at the handshakes alone, as after some time: who does not answer is called again. */
  async look(): Promise<void> {
    this.#now += passMs;
    const { interfaceName } = this.config;
    if (!this.#decision || !this.kernel.deviceOf(interfaceName)) return;
    const device = await observeDevice(this.kernel.run, interfaceName);
    const known = { self, config: this.config, canRace: false };
    const polled = decideAgain(this.#decision, known, device, this.#memory, this.#now);
    this.#memory = remember(this.#memory, polled);
    await applySteps(this.kernel.run, log, planPolled(this.config, keys, polled, device));
  }

  /**
   * Passes until one has nothing to do; and again once peers that did not answer were called, and are known to be down: a
   * daemon that is new calls them at its first look, and knows at the second. Gives how many passes did something at first.
   * Throws after five.
   */
  async settle(): Promise<number> {
    const passes = await this.#passUntilNothing();
    for (let looks = 0; looks < 2; looks++) {
      this.wait(calledAgainMs);
      await this.look();
    }
    await this.#passUntilNothing();
    return passes;
  }

  async #passUntilNothing(): Promise<number> {
    for (let passes = 0; ; passes++) {
      const { steps, second } = await this.pass();
      const left = [...steps, ...second];
      if (left.length === 0) return passes;
      if (passes === 5) throw new Error(`still to do: ${left.map(({ text }) => text).join("; ")}`);
    }
  }

  /** The process is another one: it remembers what is on disk. */
  restart(): void {
    this.#memory = emptyMemory;
    this.#decision = undefined;
    this.#last = undefined;
    this.#barrier = new SecondBarrier(log);
  }

  /** The machine starts anew, with what is on disk; gives what closes the node before a daemon runs. */
  reboot(...uplink: readonly Held[]): Promise<string[]> {
    this.restart();
    this.kernel = this.#boot();
    return this.kernelHolds(...uplink).then(() =>
      loadBarrier(this.config, { run: this.kernel.run, log, read: this.kernel.read }),
    );
  }

  /** As `kubespan down` does; gives what was done. */
  async down(run: Runner = this.kernel.run): Promise<readonly string[]> {
    return (await removeMesh(this.config, run, log, this.kernel.read)).steps;
  }

  picture(): unknown {
    return pictureOf(this.kernel);
  }

  /** What is kept for the next start, by name of the file, but for what was kept before the last change. */
  async files(): Promise<unknown> {
    const folder = this.config.stateDirectory;
    const names = (await readdir(folder)).filter((name) => !name.endsWith(".1")).toSorted();
    return Promise.all(names.map(async (name) => [name, await readFile(join(folder, name), "utf8")]));
  }
}

/** What a line of a shell does: for what kernels hold, and for what others do to them. */
export function held(...lines: readonly string[]): Held {
  return lines.map((line) => {
    const [program = "", ...args] = line.split(" ");
    return { program: program as Command["program"], args };
  });
}

/** A transaction of nft's. */
export const ruleset = (text: string): Held => [{ program: "nft", args: ["-f", INPUT], input: `${text}\n` }];

/** The node reaches everybody by its hardware, with the address 192.0.2.1. */
export const anUplink = held(
  "ip link set eth0 up",
  "ip -4 address add 192.0.2.1/24 dev eth0",
  "ip -6 address add 2001:db8::1/64 dev eth0 nodad",
  "ip -4 route add default via 192.0.2.254 dev eth0",
  "ip -6 route add default via 2001:db8::fe dev eth0",
);
