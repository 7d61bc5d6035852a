import { openToGroup, serveApi } from "../api/effects/index.ts";
import type { Down, KeyRotated, Progress } from "../api/index.ts";
import { errorText, version } from "../base/index.ts";
import type { Config } from "../config/index.ts";
import type { Identity } from "../identity/index.ts";
import { confine, type ServiceManager, SpareMemory, serviceManager } from "../system/index.ts";
import { actsOn } from "./acts.ts";
import { Answers } from "./answers.ts";
import { ledgerOf, meshOf, type Parts, partsOf, registriesOf } from "./compose.ts";
import { Failures, isFinal } from "./failures.ts";
import { addressTaken, givenWay, memberBefore } from "./give-way.ts";
import { configOrClosed } from "./load-barrier.ts";
import { openLog } from "./log-sinks.ts";
import { type Loop, startLoop } from "./loop.ts";
import type { Mesh } from "./mesh.ts";
import { Metering } from "./metering.ts";
import type { Registries } from "./registries.ts";
import { keptUnder, sameRegistries } from "./reload.ts";
import { keyTaken, rotateKey } from "./rotate-key.ts";
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
    const { config, warnings } = await configOrClosed(file);
    await forgetTrial(config.runDirectory);
    const { log, lines, sinks } = openLog(config.log);
    for (const warning of [...kept, ...warnings]) log.warn(warning);
    const tools = await openTools(log);
    try {
      const parts = await partsOf(config, { ...tools, log, lines });
      const ledger = await ledgerOf(config, parts.identity, log);
      const registries = registriesOf(config, parts, ledger);
      const mesh = await meshOf(config, registries, ledger, parts);
      const daemon = new Daemon(file, parts, config, registries, mesh);
      daemon.#closers.push(() => sinks.close());
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
    parts.secretChange.follow(() => this.reload());
    this.#manager = serviceManager(parts.log);
  }

  /** A promise that resolves when the daemon has ended. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  async #open(): Promise<void> {
    this.#closers.push(() => closeTools(this.#parts));
    const api = await serveApi(this.#config.runDirectory, {
      ...this.#answers.routes,
      down: () => this.#down(),
      ...actsOn(() => ({ membership: this.#mesh.membership, registries: this.#registries })),
      rotateKey: () => this.#rotateKey(),
    });
    this.#closers.push(() => api.close());
    await openToGroup(this.#config, (text) => this.#parts.log.warn(text));
    this.#startRegistries(); // their answers come while the kernel is looked at
    try {
      await this.#loop.pass("everything");
    } catch (error) {
      if (isFinal(error)) {
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
    this.#spareMemory.worked();
    const { nodeId, publicKey } = this.#parts.identity;
    this.#parts.log.info({ nodeId, publicKey, version, config: this.#file }, "kubespan is running");
    this.#manager.ready(summaryOf(this.#config, this.#mesh));
  }

  #startRegistries(): void {
    const onChange = (): void => {
      this.#loop.trigger("registries");
      this.#spareMemory.worked();
    };
    if (this.#config.enabled) this.#registries.start(onChange);
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
    if (this.#isEnding || !memberBefore(this.#config, this.#parts, this.#mesh.membership.members)) return;
    void this.#turns.next(async () => {
      const member = memberBefore(this.#config, this.#parts, this.#mesh.membership.members);
      if (!member || this.#isEnding) return;
      await this.#become(await givenWay(this.#config, this.#parts, member), addressTaken);
    });
  }

  #rotateKey(): Promise<KeyRotated> {
    const take = (identity: Identity) =>
      this.#become(identity, keyTaken, false).then(() => this.#loop.pass("everything"));
    const [config, registries, mesh] = [this.#config, this.#registries, () => this.#mesh];
    return this.#turns.next(() => rotateKey({ ...this.#parts, config, registries, mesh, take }));
  }

  /** Goes on with another identity. A mapping of the router's is kept only under the same key, of which its name is made. */
  async #become(identity: Identity, why: string, keepsMapping = true): Promise<void> {
    this.#parts = { ...this.#parts, identity };
    await this.#replace(this.#config, why, keepsMapping).catch(() => this.#resume());
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
      const kept = { memory: this.#mesh.memory, ...this.#mesh.membership.remembers };
      await this.#mesh.close();
      await this.#registries.stop();
      const ledger = await ledgerOf(this.#config, this.#parts.identity, this.#parts.log);
      this.#registries = registriesOf(this.#config, this.#parts, ledger);
      this.#mesh = await meshOf(this.#config, this.#registries, ledger, this.#parts, kept);
      this.#loop = this.#newLoop();
      this.#startRegistries();
      this.#loop.trigger("everything");
    } catch (error) {
      this.#parts.log.error(`the mesh cannot go on, and the daemon ends: ${errorText(error)}`);
      await this.stop(error);
    }
  }

  async #replace(config: Config, why: string, keepsMapping = true): Promise<void> {
    await this.#pause(why);
    if (this.#config.enabled && !config.enabled) {
      for (const warning of await this.#mesh.leave()) this.#parts.log.warn(warning);
      await this.#mesh.forgetEverything();
    }
    const [before, registries] = [this.#config, this.#registries];
    const kept = keptUnder(before, config, this.#mesh);
    await this.#mesh.close(keepsMapping && config.portMapping && config.listenPort === before.listenPort);
    const keep = sameRegistries(before, config);
    const ledger = await ledgerOf(config, this.#parts.identity, this.#parts.log);
    if (!keep) {
      await registries.stop();
      this.#registries = registriesOf(config, this.#parts, ledger);
    }
    this.#config = config;
    this.#parts.log.level = config.log.level;
    this.#mesh = await meshOf(config, this.#registries, ledger, this.#parts, kept);
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
    if (!this.#stopped && this.#mesh.outcome.hasPassed && this.#config.enabled)
      this.#parts.log.info("the daemon ends; the tunnels stay: 'kubespan down' takes them down");
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
