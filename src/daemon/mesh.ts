import type { Logger } from "pino";
import type { Down } from "../api/routes.ts";
import type { Status } from "../api/status.ts";
import { observeBarrier } from "../barrier/effects/observe.ts";
import type { Config } from "../config/index.ts";
import type { Identity } from "../identity/index.ts";
import {
  type Decision,
  decide,
  decideAgain,
  emptyMemory,
  harvestDueIn,
  type Kernel,
  type Keys,
  type Knowledge,
  type Memory,
  planMesh,
  planRegistries,
  planTracked,
  remember,
  reportStatus,
  steeredTargets,
} from "../mesh/index.ts";
import type { Prefix } from "../net/index.ts";
import { observeTable } from "../nftables/effects/observe.ts";
import { forgetLastWorking, type LastWorkingFile } from "../peers/effects/last-working-file.ts";
import { answered, handOverIn, raceTimings, upCameOrWent } from "../peers/index.ts";
import type { Answer } from "../port/index.ts";
import { ownNetworks } from "../routing/index.ts";
import { advertiseTheSame, type Self, withPodNetworks } from "../self/index.ts";
import { errorText } from "../system/error.ts";
import type { Runner } from "../system/run.ts";
import { observeDevice } from "../wireguard/effects/observe.ts";
import { chooseImplementation, type Implementation, type ObservedDevice } from "../wireguard/index.ts";
import { applySteps, tellChanges } from "./apply.ts";
import type { Scope } from "./loop.ts";
import { observeKernel } from "./observe.ts";
import { Racing } from "./racing.ts";
import type { Registries } from "./registries.ts";
import { removeMesh } from "./remove-mesh.ts";
import type { Repairs } from "./repairs.ts";
import { restoreSteering } from "./restore.ts";
import type { SecondBarrier } from "./second-barrier.ts";

export interface MeshParts {
  readonly config: Config;
  readonly identity: Identity;
  readonly self: Self;
  readonly registries: Registries;
  readonly lastWorking: LastWorkingFile;
  readonly repairs: Repairs;
  readonly barrier: SecondBarrier;
  readonly run: Runner;
  readonly log: Logger;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

/** The last complete pass: what a look at the handshakes alone builds on, and what `status` shows. */
interface Pass {
  readonly decision: Decision;
  readonly kernel: Kernel;
  readonly implementation: Implementation;
  readonly device: ObservedDevice | undefined;
  readonly steered: readonly Prefix[];
}

/** The mesh of one configuration: observe, decide, apply. */
export class Mesh {
  readonly #parts: MeshParts;
  /** With what Kubernetes adds to it. */
  #config: Config;
  #memory: Memory;
  #last: Pass | undefined;
  #error: string | undefined;
  #isDamaged = false;
  readonly #racing: Racing;
  #wake: (inMs: number, scope: Scope) => void = () => undefined;

  constructor(parts: MeshParts, memory: Memory | undefined) {
    this.#parts = parts;
    this.#config = this.#configNow();
    this.#memory = memory ?? { ...emptyMemory, lastWorking: parts.lastWorking.found };
    const onMapping = (): void => this.#wake(0, "registries");
    this.#racing = new Racing(parts, { onAnswer: (...answer) => this.#answered(...answer), onMapping });
  }

  #answered(publicKey: string, answer: Answer): void {
    const contest = this.#memory.contests.get(publicKey);
    if (!contest) return; // it was connected, or went away, meanwhile
    const contests = new Map(this.#memory.contests).set(publicKey, answered(contest, answer));
    this.#memory = { ...this.#memory, contests };
    this.#wake(handOverIn(answer, this.#parts.clock(), raceTimings), "peers");
  }

  /** Who is asked for a pass when a peer answered or our port is seen elsewhere, in milliseconds from then. */
  wakeWith(wake: (inMs: number, scope: Scope) => void): void {
    this.#wake = wake;
  }

  /** Ends what depends on this process; the data plane stays. */
  async close(): Promise<void> {
    await this.#racing.close();
    if (this.#last) await this.#parts.lastWorking.keep(this.#memory.lastWorking, true);
  }

  get memory(): Memory {
    return this.#memory;
  }

  /** One pass; gives the milliseconds until the peers want to be looked at again. */
  async pass(scope: Scope): Promise<number | undefined> {
    try {
      const wakeIn = await (this.#parts.config.enabled ? this.#enabledPass(scope) : this.#disabledPass());
      this.#error = undefined;
      return wakeIn;
    } catch (error) {
      this.#error = errorText(error);
      throw error;
    }
  }

  async #enabledPass(scope: Scope): Promise<number | undefined> {
    const device = scope === "peers" && this.#last?.device ? await this.#look() : undefined;
    const wakeIn = device && this.#last ? await this.#peersPass(this.#last, device) : "more";
    if (wakeIn !== "more") return wakeIn;
    const isOwnNews = this.#readPodNetworks();
    const changed = scope === "everything" || isOwnNews ? undefined : await this.#observeChanging();
    return changed ? this.#decided(changed, planRegistries) : this.#completePass();
  }

  /** Whether there are others than at the last pass: then also which addresses are this node's own is another. */
  #readPodNetworks(): boolean {
    const before = this.#config;
    this.#config = this.#configNow();
    return !advertiseTheSame(before, this.#config);
  }

  #configNow(): Config {
    return withPodNetworks(this.#parts.config, this.#parts.registries.podNetworks());
  }

  async #completePass(): Promise<number | undefined> {
    await this.#restore();
    await this.#racing.open();
    const kernel = await observeKernel(this.#parts.run, this.#config, this.#last?.device);
    await this.#racing.repair(kernel.racingTable);
    return this.#decided(kernel, planMesh);
  }

  /** What registries have a say in, freshly read; the rest is as it was. `undefined` if that cannot be relied on. */
  async #observeChanging(): Promise<Kernel | undefined> {
    const kernel = this.#last?.device && this.#error === undefined ? this.#last.kernel : undefined;
    if (!kernel) return undefined;
    const { run } = this.#parts;
    const found = observeBarrier(run, this.#config, kernel.links);
    const [device, table, barrier] = await Promise.all([this.#look(), observeTable(run), found]);
    return device && { ...kernel, wireguard: { ...kernel.wireguard, device }, table, barrier };
  }

  async #decided(kernel: Kernel, planner: typeof planMesh): Promise<number | undefined> {
    const { identity, self, registries, run, log, clock, repairs } = this.#parts;
    const config = this.#config;
    const implementation = chooseImplementation(config.wireguard, config.interfaceName, kernel.wireguard);
    const { device } = kernel.wireguard;
    const decision = decide(this.#knowledge(kernel), device, this.#memory, clock());
    const keys: Keys = { privateKey: identity.privateKey, implementation };
    const isSettled = registries.isSettled();
    const plan = planner({ config, self }, keys, decision, kernel, isSettled);
    const steered = steeredTargets(decision, kernel, isSettled);
    this.#memory = decision.memory;
    tellChanges(log, decision.tracked);
    const isThere = device !== undefined;
    // Steering may cut the way to a registry that is on one of the nodes: what it has to know goes out before. Only a
    // node without a device yet has nothing to offer. A race needs nothing of the plan but a device that holds the port:
    // the answers come while the plan is carried out.
    if (isThere) this.#tell(decision);
    await this.#racing.hold(decision.tracked.holds);
    await this.#parts.barrier.apply({ run, log }, config, plan, kernel, steered);
    repairs.passed(plan.upkeep, isThere);
    if (!isThere) this.#tell(decision);
    await this.#parts.lastWorking.keep(this.#memory.lastWorking);
    // A device that was just made has not been read yet: it is at the next pass.
    this.#last = { decision, kernel, implementation, device, steered };
    return isThere ? this.#wakeIn(decision.tracked) : 0;
  }

  /** What others are to hear: the registries what this node offers, and peers that they are raced. */
  #tell({ announcement, tracked }: Decision): void {
    // Unless Kubernetes told of pod networks since it was decided: the pass that follows knows them.
    if (advertiseTheSame(this.#configNow(), this.#config)) this.#parts.registries.publish(announcement);
    this.#racing.send(tracked.races);
  }

  async #restore(): Promise<void> {
    if (!this.#isDamaged || !this.#last) return;
    this.#isDamaged = false;
    await restoreSteering(this.#parts, { ...this.#last, config: this.#config, self: this.#parts.self });
  }

  /** Somebody took away something that steers: the next pass begins with that. */
  damaged(): void {
    this.#isDamaged = true;
  }

  /** `undefined` when the device went away: then everything has to be looked at. */
  async #look(): Promise<ObservedDevice | undefined> {
    const { run, config, log } = this.#parts;
    try {
      return await observeDevice(run, config.interfaceName, this.#last?.device);
    } catch (error) {
      log.warn(errorText(error));
      return undefined;
    }
  }

  /** Handshakes only. Who came up or went down may change what is steered and published. */
  async #peersPass(last: Pass, device: ObservedDevice): Promise<number | undefined | "more"> {
    const { config, identity, self, run, log, clock } = this.#parts;
    const tracked = decideAgain(
      last.decision,
      { self, config, canRace: this.#racing.isOn },
      device,
      this.#memory,
      clock(),
    );
    const keys: Keys = { privateKey: identity.privateKey, implementation: last.implementation };
    this.#memory = remember(this.#memory, tracked);
    tellChanges(log, tracked);
    await this.#racing.hold(tracked.holds);
    await applySteps(run, log, planTracked(config, keys, tracked, device));
    this.#racing.send(tracked.races);
    this.#last = { ...last, device, decision: { ...last.decision, tracked } };
    const matters = config.allowDownPeerBypass || config.harvestExtraEndpoints;
    const isTurn = harvestDueIn(this.#memory, clock()) === 0;
    if (isTurn || (matters && upCameOrWent(last.decision.tracked, tracked))) return "more";
    return this.#wakeIn(tracked);
  }

  #wakeIn({ wakeIn }: Decision["tracked"]): number | undefined {
    const times = [wakeIn, harvestDueIn(this.#memory, this.#parts.clock())].filter(
      (time) => time !== undefined,
    );
    return times.length === 0 ? undefined : Math.min(...times);
  }

  async #disabledPass(): Promise<undefined> {
    await this.#takeDown();
    return undefined;
  }

  /** Removes every trace from the kernel; gives what was done. */
  async #takeDown(): Promise<string[]> {
    const { config, run, log, repairs, barrier } = this.#parts;
    this.#last = undefined;
    repairs.forget();
    barrier.forget();
    await this.#racing.close();
    return removeMesh(config, run, log);
  }

  /** Leaves the mesh: the others are told, and nothing stays in the kernel. */
  async down(): Promise<Down> {
    const warnings = await this.#parts.registries.withdraw();
    await forgetLastWorking(this.#parts.config.stateDirectory);
    return { steps: await this.#takeDown(), warnings };
  }

  status(process: { readonly pid: number; readonly startedAt: number }): Status {
    const last = this.#last;
    const view = {
      decision: last?.decision,
      device: last?.device,
      implementation: last?.implementation,
      links: last?.kernel.links ?? [],
      addresses: last?.kernel.addresses ?? { usable: [], leftOut: [] },
      routing: last?.kernel.routing,
      process,
      error: this.#error,
      racing: this.#racing.report(),
      repairs: this.#parts.repairs.counts,
      roundTrips: (publicKey: string) => this.#racing.roundTrips(publicKey),
    };
    return reportStatus(this.#knowledge(last?.kernel), view, this.#parts.clock());
  }

  #knowledge(kernel: Kernel | undefined): Knowledge {
    const { self, registries } = this.#parts;
    return {
      self,
      config: this.#config,
      affiliates: registries.affiliates(),
      registries: registries.states(),
      addresses: kernel?.addresses.usable ?? [],
      networks: kernel ? ownNetworks(kernel.links, kernel.addresses.usable) : [],
      canRace: this.#racing.isOn,
      mapping: this.#racing.mapping,
    };
  }
}
