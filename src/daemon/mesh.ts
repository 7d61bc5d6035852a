import type { Down, Status } from "../api/index.ts";
import type { Config } from "../config/index.ts";
import { servicesTold } from "../members/index.ts";
import {
  type Decision,
  decide,
  decideAgain,
  emptyMemory,
  harvestDueIn,
  isNews,
  type Kernel,
  type Knowledge,
  type Memory,
  type Process,
  planMesh,
  planPolled,
  planRegistries,
  remember,
  rememberAnswer,
  rememberOpened,
  reportStatus,
  wakeInMs,
} from "../mesh/index.ts";
import type { Endpoint } from "../net/index.ts";
import { type Counted, observedCounts } from "../nftables/index.ts";
import { forgetLastWorking } from "../peers/effects/index.ts";
import { answered, handOverInMs, isRaced } from "../peers/index.ts";
import type { Answer } from "../port/index.ts";
import type { Seen } from "../resources/index.ts";
import { advertiseTheSame, withPodNetworks } from "../self/index.ts";
import type { Survey } from "../survey/effects/index.ts";
import { observeEngine } from "../wireguard/effects/index.ts";
import { chooseImplementation, type Engine, type ObservedDevice } from "../wireguard/index.ts";
import { applySteps, failureText } from "./apply.ts";
import { countedNow } from "./counted.ts";
import { keysNow, knowledgeNow } from "./knowledge.ts";
import type { Scope } from "./loop.ts";
import type { Membership } from "./membership.ts";
import type { MeshParts, Pass, PollEnd } from "./mesh-parts.ts";
import { lookAgainMs, lookAtDevice, observeChanging, observeKernel, withMadeLink } from "./observe.ts";
import { Outcome } from "./outcome.ts";
import { observeRemovable, removeMesh } from "./remove-mesh.ts";
import { restoreSteering } from "./restore.ts";
import { seenOf } from "./seen.ts";
import { surveyOf } from "./surveying.ts";
import { tellChanges, tellDecision } from "./tell.ts";
import { viewOf } from "./view.ts";
import { Ways } from "./ways.ts";

/** The mesh of one configuration, which observes, decides and applies. */
export class Mesh {
  readonly #parts: MeshParts;
  /** The configuration, with what Kubernetes adds to it. */
  #config: Config;
  #memory: Memory;
  #last: Pass | undefined;
  readonly outcome = new Outcome();
  #isDamaged = false;
  #engine: Engine | undefined;
  readonly ways: Ways;
  readonly survey: Survey | undefined;
  #wake: (inMs: number, scope: Scope) => void = () => undefined;
  readonly #onNews = (): void => this.#wake(0, "registries");

  constructor(parts: MeshParts, memory: Memory | undefined) {
    this.#parts = parts;
    this.#config = this.#configNow();
    this.#memory = memory ?? { ...emptyMemory, ...parts.lastWorking.found };
    const onAnswer = this.#answered.bind(this);
    const onPathMtu = (): void => this.#wake(0, "everything");
    const onOpened = this.#opened.bind(this);
    this.ways = new Ways(parts, { onAnswer, onNews: this.#onNews, onOpened, onPathMtu });
    this.survey = surveyOf(parts, this.ways.paths.echoes, (process) => this.seen(process));
  }

  #answered(publicKey: string, answer: Answer): void {
    const connection = this.#memory.peers.connections.get(publicKey);
    if (!connection) return; // the peer went away meanwhile
    this.#memory = rememberAnswer(this.#memory, publicKey, answered(connection, answer));
    if (isRaced(connection)) this.#wake(handOverInMs(answer, this.#parts.clock()), "peers");
  }

  #opened(...opened: readonly [string, Endpoint]): void {
    this.#memory = rememberOpened(this.#memory, ...opened);
    this.#wake(0, "peers");
  }

  /** Sets the function that asks for a pass, in that many milliseconds, when a peer answered or our port is seen elsewhere. */
  wakeWith(wake: (inMs: number, scope: Scope) => void): void {
    this.#wake = wake;
    if (this.#parts.config.enabled) this.#parts.hostNames.start(this.#onNews);
  }

  /** Ends the parts that depend on this process; the data plane stays, and so does what the router mapped if it is kept. */
  async close(keepsMapping = true): Promise<void> {
    await this.ways.close();
    await this.#parts.hostNames.stop();
    await this.#parts.portMapper?.[keepsMapping ? "stop" : "withdraw"]();
    if (this.#last) await this.#parts.lastWorking.keep(this.#memory, true);
    await this.#parts.membership.close();
  }

  get memory(): Memory {
    return this.#memory;
  }

  get config(): Config {
    return this.#config;
  }

  get membership(): Membership {
    return this.#parts.membership;
  }

  /** Runs one pass; gives the milliseconds until the peers want to be polled again. */
  async pass(scope: Scope): Promise<number | undefined> {
    try {
      if (this.#parts.config.enabled) return await this.#enabledPass(scope);
      await this.#takeDown();
      this.outcome.passed();
      return undefined;
    } catch (error) {
      this.outcome.failed(error, this.#parts.clock());
      throw error;
    }
  }

  async #enabledPass(scope: Scope): Promise<number | undefined> {
    const last = this.#last;
    const isThere = last?.kernel.wireguard.link !== undefined;
    const isPoll = scope === "peers" && isThere;
    const device = isPoll ? await lookAtDevice(this.#parts, this.#config, last.device) : undefined;
    const polled = device && last ? await this.#peersPass(last, device) : undefined;
    if (polled?.kind === "done") return polled.wakeInMs;
    const isOwnNews = this.#readPodNetworks();
    const isRelied = isThere && scope !== "everything" && !isOwnNews && !this.outcome.failure;
    const before = this.#last ?? last;
    const changed = isRelied && before ? await observeChanging(this.#parts, this.#config, before) : undefined;
    return changed ? this.#decided(changed, planRegistries) : this.#completePass();
  }

  /** Whether the pod networks are others than at the last pass. Which addresses are this node's own depends on them, too. */
  #readPodNetworks(): boolean {
    const before = this.#config;
    this.#config = this.#configNow();
    return !advertiseTheSame(before, this.#config);
  }

  #configNow(): Config {
    const { config, ownPods, registries } = this.#parts;
    return withPodNetworks(config, ownPods.orTold(config, registries.podNetworks()));
  }

  async #completePass(): Promise<number | undefined> {
    await this.#restore();
    await this.ways.open();
    const { run, readSetting } = this.#parts;
    const kernel = await observeKernel(run, this.#config, this.#last?.device, readSetting);
    await this.ways.repair(kernel);
    this.#parts.portMapper?.look(this.#onNews);
    return this.#decided(kernel, planMesh);
  }

  async #decided(kernel: Kernel, planner: typeof planMesh): Promise<number | undefined> {
    const { identity, self, registries, membership, number, run, log, clock, repairs, owner } = this.#parts;
    const config = this.#config;
    const implementation = chooseImplementation(config.wireguard, config.interfaceName, kernel.wireguard);
    const { device } = kernel.wireguard;
    membership.step(registries, device, this.#memory.peers);
    this.ways.racing.followStun(registries.stunServers());
    registries.learn(servicesTold(membership.members, config, clock()));
    const decision = decide(this.#knowledge(kernel), device, this.#memory, clock());
    await this.ways.follow(decision, device);
    const keys = keysNow(this.#parts, implementation);
    const isSettled = registries.isSettled();
    const plan = planner({ config, self, ownership: owner.ownership }, keys, decision, kernel, isSettled);
    this.#memory = decision.memory;
    this.outcome.planned([...plan.steps, ...plan.second], clock());
    await Promise.all([number.keep(decision.memory.said?.number ?? 0), membership.keepNew()]);
    tellDecision(this.#parts, decision, this.#last?.decision);
    // Steering may cut the way to a registry that is on one of the nodes, so the registries are told before. Only a
    // node without a device yet has nothing to offer. A race needs nothing of the plan but a device that holds the
    // port: the answers come while the plan is carried out.
    // A key that this node has only on disk so far is told after it is in use.
    const isFirst = device?.privateKey?.equals(identity.privateKey) === true;
    if (isFirst) this.#tell(decision);
    await this.ways.settle(decision.polled, kernel.addresses.usable);
    const failures = await this.#parts.barrier.apply({ run, log }, config, plan, kernel);
    repairs.passed(plan.upkeep, device !== undefined, failures);
    if (!isFirst) this.#tell(decision);
    await this.#parts.lastWorking.keep(this.#memory);
    await membership.listen(this.#onNews, () => this.ways.racing.askStun());
    membership.tellAfterPass(decision);
    this.outcome.ended(failureText(failures), clock());
    // A device that was just made is read at once, for the peers; the rest is what the plan made of it, and is seen later.
    const made = device ? kernel : withMadeLink(config, kernel, implementation);
    this.#last = { decision, kernel: made, implementation, device, steered: plan.steered };
    if (!device) this.#wake(lookAgainMs, "everything");
    return device
      ? wakeInMs(this.#memory, decision.polled, clock(), membership.nextKeys.lookInMs(membership.members))
      : 0;
  }

  /** Tells the registries what this node offers, and sends the race rounds to the peers. */
  #tell({ announcement, polled }: Decision): void {
    // If Kubernetes has told of other pod networks since the decision, the pass that follows publishes them.
    if (advertiseTheSame(this.#configNow(), this.#config)) this.#parts.registries.publish(announcement);
    this.ways.racing.send(polled.races);
  }

  async #restore(): Promise<void> {
    if (!this.#isDamaged || !this.#last) return;
    this.#isDamaged = false;
    await restoreSteering(this.#parts, { ...this.#last, config: this.#config, self: this.#parts.self });
  }

  /** Notes that somebody took away something that steers: the next pass begins with that. */
  damaged(): void {
    this.#isDamaged = true;
  }

  /** Polls the handshakes only. A peer that came up or went down may change who owns what, what is steered and published. */
  async #peersPass(last: Pass, device: ObservedDevice): Promise<PollEnd> {
    const { config, membership, self, run, log, clock } = this.#parts;
    const known = { self, config, ...this.ways.known };
    const polled = decideAgain(last.decision, known, device, this.#memory, clock());
    this.#memory = remember(this.#memory, polled);
    tellChanges(this.#parts, polled, last.decision.specs);
    await this.ways.settle(polled, last.kernel.addresses.usable);
    const steps = planPolled(config, keysNow(this.#parts, last.implementation), polled, device);
    this.outcome.planned(steps, clock());
    const failures = await applySteps(run, log, steps);
    if (failures.peers.length > 0) this.outcome.ended(failureText(failures), clock());
    this.ways.racing.send(polled.races);
    await this.ways.follow({ polled, specs: last.decision.specs }, device);
    this.#last = { ...last, device, decision: { ...last.decision, polled } };
    const isTurn = harvestDueIn(this.#memory, clock()) === 0 || membership.nextKeys.see(device);
    if (isTurn || isNews(last.decision, polled, device)) return { kind: "news" };
    return {
      kind: "done",
      wakeInMs: wakeInMs(this.#memory, polled, clock(), membership.nextKeys.lookInMs(membership.members)),
    };
  }

  /** Removes every trace from the kernel. */
  async #takeDown(): Promise<Down> {
    const { config, run, log, repairs, barrier, readSetting } = this.#parts;
    this.#last = undefined;
    repairs.forget();
    barrier.forget();
    await this.ways.close();
    return removeMesh(config, run, log, readSetting);
  }

  /**
   * Leaves the mesh: the others are told, and nothing stays in the kernel. State that cannot even be read cannot be
   * removed; then the others are not told, because they would send in clear to a node that left.
   */
  async down(): Promise<Down> {
    await observeRemovable(this.#parts.run, this.#config, this.#parts.readSetting);
    const told = await this.leave();
    const { steps, warnings } = await this.#takeDown();
    await this.forgetEverything(); // not sooner: if the removal fails, the mesh goes on with them
    return { steps, warnings: [...told, ...warnings] };
  }

  /** Tells the others that this node is no member any more; gives the problems in words. */
  async leave(): Promise<string[]> {
    const { membership, registries, portMapper } = this.#parts;
    await portMapper?.withdraw();
    return membership.leave(registries, this.#last?.device, this.#memory.said?.affiliate);
  }

  /** Forgets what the mesh remembers, because a node that left it has nothing to come back to. */
  async forgetEverything(): Promise<void> {
    await this.#parts.membership.erase();
    await forgetLastWorking(this.#parts.config.stateDirectory);
  }

  async status(process: Process): Promise<Status> {
    this.#engine = this.#last && (await observeEngine(this.#last.implementation));
    return this.#report(process, await countedNow(this.#parts, this.ways, this.#last?.kernel.table));
  }

  /** What the last pass has seen and decided, without a further look at the kernel. */
  seen(process: Process): Omit<Seen, "events"> {
    const counted = observedCounts(this.#last?.kernel.table ?? { kind: "absent" });
    return seenOf(this.#parts, this.#last, this.outcome.lastPlan, () => this.#report(process, counted));
  }

  #report(process: Process, counted: Counted): Status {
    const moment = { counted, engine: this.#engine, process };
    const view = viewOf(this.#parts, this.ways, this.#last, this.outcome, moment);
    return reportStatus(this.#knowledge(this.#last?.kernel), view, this.#parts.clock());
  }

  #knowledge(kernel: Kernel | undefined): Knowledge {
    return knowledgeNow(this.#parts, this.#config, this.ways, kernel, this.#onNews);
  }
}
