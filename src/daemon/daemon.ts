import { serveApi } from "../api/effects/index.ts";
import type { Down, Progress } from "../api/index.ts";
import { errorText, KubespanError, version } from "../base/index.ts";
import { loadConfig } from "../config/effects/index.ts";
import type { Config } from "../config/index.ts";
import {
  confine,
  createLogger,
  RecentLines,
  type ServiceManager,
  SpareMemory,
  serviceManager,
} from "../system/index.ts";
import { Answers } from "./answers.ts";
import { ledgerOf, meshOf, type Parts, partsOf, registriesOf } from "./compose.ts";
import { Failures } from "./failures.ts";
import { givenWay, memberBefore } from "./give-way.ts";
import { type Loop, startLoop } from "./loop.ts";
import type { Mesh } from "./mesh.ts";
import { Metering } from "./metering.ts";
import type { Registries } from "./registries.ts";
import { sameRegistries } from "./reload.ts";
import { checkPrivilege, summaryOf } from "./supervised.ts";
import { notTakenDown } from "./take-down.ts";
import { closeTools, openTools } from "./tools.ts";
import { forgetTrial, Trials } from "./trials.ts";
import { Turns } from "./turns.ts";
import { type MachineWatch, watchMachine } from "./watch-machine.ts";

/** The milliseconds that a pass waits for more events, as the events of one change arrive together. */
const settleTimeMs = 100;
const repairIntervalMs = 30_000;

/**
 * The daemon, which runs until `stop` or `down`. Everything outside (registries, kernel, signals, the local API) only
 * asks the loop for a pass. The passes do the work, one at a time.
 */
export class Daemon {
  readonly #file: string;
  #parts: Parts;
  readonly #ended = Promise.withResolvers<void>();
  readonly #closers: (() => Promise<void>)[] = [];
  readonly #spareMemory = new SpareMemory();
  readonly #manager: ServiceManager;
  readonly #answers = new Answers(() => ({
    parts: this.#parts,
    mesh: this.#mesh,
    loop: this.#loop,
    machine: this.#machine,
    stopped: this.#stopped,
  }));
  #config: Config;
  #registries: Registries;
  #mesh: Mesh;
  #loop: Loop;
  #machine: MachineWatch | undefined;
  readonly #turns = new Turns();
  readonly #failures: Failures;
  readonly #trials: Trials;
  readonly #metering: Metering;
  #stopped: Progress["stopped"];
  #isEnding = false;

  static async start(file: string): Promise<Daemon> {
    await checkPrivilege("run");
    const kept = confine();
    const { config, warnings } = await loadConfig(file);
    await forgetTrial(config.runDirectory);
    const lines = new RecentLines();
    const log = createLogger(config.log, (line) => lines.add(line));
    for (const warning of [...kept, ...warnings]) log.warn(warning);
    const tools = await openTools(log);
    try {
      const parts = await partsOf(config, { ...tools, log, lines });
      const ledger = await ledgerOf(config, parts.identity, log);
      const registries = registriesOf(config, parts, ledger);
      const mesh = await meshOf(config, registries, ledger, parts);
      const daemon = new Daemon(file, parts, config, registries, mesh);
      await daemon.#open();
      return daemon;
    } catch (error) {
      await closeTools(tools);
      throw error;
    }
  }

  private constructor(file: string, parts: Parts, config: Config, registries: Registries, mesh: Mesh) {
    this.#file = file;
    this.#parts = parts;
    this.#config = config;
    this.#registries = registries;
    this.#mesh = mesh;
    this.#failures = new Failures(parts.log);
    this.#trials = new Trials(file, parts.log, () => void this.reload());
    this.#metering = new Metering(parts.log, this.#answers);
    this.#closers.push(() => this.#metering.close());
    this.#loop = this.#newLoop();
    this.#manager = serviceManager(parts.log);
  }

  /** A promise that resolves when the daemon has ended. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  async #open(): Promise<void> {
    const { runDirectory } = this.#config;
    this.#closers.push(() => closeTools(this.#parts));
    const api = await serveApi(runDirectory, {
      ...this.#answers.routes,
      down: () => this.#down(),
      forget: (node) => this.#mesh.asked.forget(node),
      evict: (statement) => this.#mesh.asked.evict(statement),
    });
    this.#closers.push(() => api.close());
    try {
      await this.#loop.pass("everything");
    } catch (error) {
      // An error that no later attempt can cure ends the start. The loop has logged the others and tries again.
      if (error instanceof KubespanError && ["conflict", "state", "privilege"].includes(error.code)) {
        await this.stop();
        throw error;
      }
    }
    const machine = watchMachine(this.#parts, {
      config: () => this.#mesh.config,
      onChange: (isUrgent) => {
        if (isUrgent) this.#mesh.damaged();
        this.#loop.trigger("everything", isUrgent ? 0 : settleTimeMs);
      },
    });
    this.#machine = machine;
    this.#closers.push(() => machine.stop());
    this.#startRegistries();
    const { nodeId, publicKey } = this.#parts.identity;
    this.#parts.log.info({ nodeId, publicKey, version, config: this.#file }, "kubespan is running");
    this.#manager.ready(summaryOf(this.#config, this.#mesh));
  }

  #startRegistries(): void {
    if (!this.#config.enabled) return;
    this.#registries.start(() => {
      this.#loop.trigger("registries");
      this.#spareMemory.worked();
    });
  }

  #newLoop(): Loop {
    this.#stopped = undefined;
    const loop = startLoop({
      run: (scope) =>
        this.#metering
          .timed(scope, () => this.#mesh.pass(scope))
          .finally(() => {
            if (!this.#mesh.outcome.failure) this.#failures.over();
            this.#manager.worked(() => summaryOf(this.#config, this.#mesh));
            this.#answers.passed();
            this.#metering.follow(this.#config);
            this.#giveWay();
          }),
      onError: (error) => this.#failures.tell(error),
      repairIntervalMs,
    });
    this.#mesh.wakeWith((inMs, scope) => loop.trigger(scope, inMs));
    return loop;
  }

  /** Reads the configuration again. A wrong configuration is logged and changes nothing. */
  reload(): Promise<void> {
    return this.#turns.next(async () => {
      try {
        const config = await this.#trials.next(this.#config);
        await this.#replace(config, "the configuration is being read again");
        this.#parts.log.info("the configuration was read again");
      } catch (error) {
        this.#parts.log.error(`the configuration stays as it was: ${errorText(error)}`);
        if (this.#stopped) await this.#resume();
      }
    });
  }

  /** Takes another KubeSpan address if a member has the same one and was there before. */
  #giveWay(): void {
    if (this.#isEnding || !memberBefore(this.#config, this.#parts, this.#mesh.members)) return;
    void this.#turns.next(async () => {
      const member = memberBefore(this.#config, this.#parts, this.#mesh.members);
      if (!member || this.#isEnding) return;
      this.#parts = { ...this.#parts, identity: await givenWay(this.#config, this.#parts, member) };
      await this.#replace(this.#config, "this node takes another KubeSpan address").catch(() =>
        this.#resume(),
      );
    });
  }

  /** Ends the passes, and notes the reason why there are none until they begin again. */
  async #pause(why: string): Promise<void> {
    this.#stopped = { why, since: Date.now() };
    await this.#loop.stop();
  }

  /**
   * Begins everything anew with the present configuration, after something failed half-way and left registries and
   * kernel in whatever state. If not even that works, the process ends: a daemon that does nothing must not look well.
   */
  async #resume(): Promise<void> {
    if (this.#isEnding) return;
    try {
      const { memory, members } = this.#mesh;
      await this.#mesh.close();
      await this.#registries.stop();
      const ledger = await ledgerOf(this.#config, this.#parts.identity, this.#parts.log);
      this.#registries = registriesOf(this.#config, this.#parts, ledger);
      this.#mesh = await meshOf(this.#config, this.#registries, ledger, this.#parts, { memory, members });
      this.#loop = this.#newLoop();
      this.#startRegistries();
      this.#loop.trigger("everything");
    } catch (error) {
      this.#parts.log.error(`the mesh cannot go on, and the daemon ends: ${errorText(error)}`);
      await this.stop(error);
    }
  }

  async #replace(config: Config, why: string): Promise<void> {
    await this.#pause(why);
    if (this.#config.enabled && !config.enabled) {
      for (const warning of await this.#mesh.leave()) this.#parts.log.warn(warning);
      await this.#mesh.forgetEverything();
    }
    const { memory, members } = this.#mesh;
    const before = { config: this.#config, registries: this.#registries, memory, members };
    await this.#mesh.close(config.portMapping && config.listenPort === this.#config.listenPort);
    const keep = sameRegistries(before.config, config);
    const ledger = await ledgerOf(config, this.#parts.identity, this.#parts.log);
    if (!keep) {
      await before.registries.stop();
      this.#registries = registriesOf(config, this.#parts, ledger);
    }
    this.#config = config;
    this.#parts.log.level = config.log.level;
    const isSameCluster = before.config.enabled && before.config.cluster.id === config.cluster.id;
    this.#mesh = await meshOf(config, this.#registries, ledger, this.#parts, {
      memory: keep ? before.memory : undefined,
      members: isSameCluster ? before.members : undefined,
    });
    this.#loop = this.#newLoop();
    if (!keep) this.#startRegistries();
    this.#loop.trigger("everything");
    this.#machine?.others.request();
  }

  #down(): Promise<Down> {
    return this.#turns.next(async () => {
      await this.#pause("the mesh is being taken down");
      try {
        const down = await this.#mesh.down();
        for (const warning of down.warnings) this.#parts.log.warn(warning);
        // The answer still has to leave through the socket, which `stop` closes.
        setImmediate(() => void this.stop());
        return down;
      } catch (error) {
        this.#parts.log.error(`the mesh was not taken down: ${errorText(error)}`);
        await this.#resume();
        throw notTakenDown(error);
      }
    });
  }

  /**
   * Ends the daemon and leaves the data plane as it is: tunnels go on, and the next start finds them. With a reason,
   * `ended` rejects.
   */
  async stop(reason?: unknown): Promise<void> {
    if (this.#isEnding) return;
    this.#isEnding = true;
    const isLeft = !this.#stopped && this.#mesh.outcome.hasPassed && this.#config.enabled;
    if (isLeft) this.#parts.log.info("the daemon ends; the tunnels stay: 'kubespan down' takes them down");
    try {
      await this.#manager.stopping();
      await this.#loop.stop();
      await this.#mesh.close();
      await this.#registries.stop();
      this.#spareMemory.stop();
      this.#trials.close();
      await Promise.all(this.#closers.splice(0).map((close) => close()));
      if (reason === undefined) this.#ended.resolve();
      else this.#ended.reject(reason);
    } catch (error) {
      this.#ended.reject(error);
    }
  }
}
