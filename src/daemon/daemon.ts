import type { Logger } from "pino";
import { serveApi } from "../api/effects/server.ts";
import type { Down } from "../api/routes.ts";
import { loadConfig } from "../config/effects/load.ts";
import type { Config } from "../config/index.ts";
import { AffiliateCache } from "../discovery/cache/effects/affiliate-cache.ts";
import type { Identity } from "../identity/index.ts";
import { LastWorkingFile } from "../peers/effects/last-working-file.ts";
import { watchKernel } from "../routing/effects/watch.ts";
import { errorText, KubespanError } from "../system/error.ts";
import { createLogger } from "../system/log.ts";
import { Shells } from "../system/shells.ts";
import { SpareMemory } from "../system/spare-memory.ts";
import { version } from "../system/version.ts";
import { loadBarrier } from "./load-barrier.ts";
import { type Loop, startLoop } from "./loop.ts";
import { Mesh } from "./mesh.ts";
import { Others } from "./others.ts";
import { openRegistries, type Registries } from "./registries.ts";
import { needsRestart, sameRegistries } from "./reload.ts";
import { Repairs } from "./repairs.ts";
import { SecondBarrier } from "./second-barrier.ts";
import { describeSelf, ownIdentity } from "./self.ts";

/** Events of one change arrive together; a pass waits this long for the rest, in milliseconds. */
const settleTime = 100;
const repairInterval = 30_000;

/**
 * The daemon: runs until `stop` or `down`. Everything outside (registries, kernel, signals, the local API) only asks
 * the loop for a pass; the passes do the work, one at a time.
 */
export class Daemon {
  readonly #file: string;
  readonly #parts: Parts;
  readonly #process = { pid: process.pid, startedAt: Date.now() };
  readonly #ended = Promise.withResolvers<void>();
  readonly #closers: (() => Promise<void>)[] = [];
  readonly #spareMemory = new SpareMemory();
  #config: Config;
  #registries: Registries;
  #mesh: Mesh;
  #loop: Loop;
  #others: Others | undefined;

  static async start(file: string): Promise<Daemon> {
    if (process.getuid?.() !== 0)
      throw new KubespanError("privilege", "kubespan run needs root", {
        hint: "it sets up WireGuard, nftables and routes",
      });
    const { config, warnings } = await loadConfig(file);
    const log = createLogger(config.log);
    for (const warning of warnings) log.warn(warning);
    const shells = new Shells();
    try {
      // Before anything else: what was steered last is closed before it is known who is there now.
      await loadBarrier(config, shells.run, log).catch((error: unknown) => log.warn(errorText(error)));
      const identity = await ownIdentity(config, shells.run, log);
      const barrier = new SecondBarrier(log);
      const parts = { identity, repairs: new Repairs(log), barrier, shells, log };
      const registries = await registriesOf(config, identity, log);
      const mesh = await meshOf(config, registries, parts);
      const daemon = new Daemon(file, parts, config, registries, mesh);
      await daemon.#open();
      return daemon;
    } catch (error) {
      await shells.close();
      throw error;
    }
  }

  private constructor(file: string, parts: Parts, config: Config, registries: Registries, mesh: Mesh) {
    this.#file = file;
    this.#parts = parts;
    this.#config = config;
    this.#registries = registries;
    this.#mesh = mesh;
    this.#loop = this.#newLoop();
  }

  /** Resolves when the daemon has ended. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  async #open(): Promise<void> {
    const { runDirectory } = this.#config;
    this.#closers.push(() => this.#parts.shells.close());
    const api = await serveApi(runDirectory, { status: () => this.#status(), down: () => this.#down() });
    this.#closers.push(() => api.close());
    try {
      await this.#loop.pass("everything");
    } catch (error) {
      // What no later attempt can cure ends the start; the loop has logged the rest and tries again.
      if (error instanceof KubespanError && ["conflict", "state", "privilege"].includes(error.code)) {
        await this.stop();
        throw error;
      }
    }
    const { interfaceName, marks, routing } = this.#config;
    const ours = { interfaceName, marks, ...routing };
    const others = new Others({ run: this.#parts.shells.run, log: this.#parts.log, ours });
    this.#others = others;
    this.#closers.push(() => others.stop());
    const watch = watchKernel({
      scope: ours,
      onChange: (isUrgent) => {
        if (isUrgent) this.#mesh.damaged();
        this.#loop.trigger("everything", isUrgent ? 0 : settleTime);
      },
      onOthers: () => others.request(),
      onError: (error) => this.#parts.log.warn(errorText(error)),
    });
    this.#closers.push(() => watch.stop());
    this.#startRegistries();
    const { nodeId, publicKey } = this.#parts.identity;
    this.#parts.log.info({ nodeId, publicKey, version, config: this.#file }, "kubespan is running");
  }

  #startRegistries(): void {
    if (!this.#config.enabled) return;
    this.#registries.start(() => {
      this.#loop.trigger("registries");
      this.#spareMemory.worked();
    });
  }

  #newLoop(): Loop {
    const loop = startLoop({
      run: (scope) => this.#mesh.pass(scope),
      onError: (error) => this.#parts.log.error({ err: error }, errorText(error)),
      repairInterval,
    });
    this.#mesh.wakeWith((inMs, scope) => loop.trigger(scope, inMs));
    return loop;
  }

  /** A look at the handshakes first, so that what is shown is what is. */
  async #status(): ReturnType<Parameters<typeof serveApi>[1]["status"]> {
    await this.#loop.pass("peers").catch(() => undefined); // the loop logs it, and the status says it
    const status = this.#mesh.status(this.#process);
    const more = [...(this.#others?.warnings ?? []), ...this.#parts.barrier.warnings];
    return { ...status, warnings: [...status.warnings, ...more] };
  }

  /** Reads the configuration again. A wrong one is logged and changes nothing. */
  async reload(): Promise<void> {
    try {
      const { config, warnings } = await loadConfig(this.#file);
      for (const warning of warnings) this.#parts.log.warn(warning);
      needsRestart(this.#config, config);
      await this.#replace(config);
      this.#parts.log.info("the configuration was read again");
    } catch (error) {
      this.#parts.log.error(`the configuration stays as it was: ${errorText(error)}`);
    }
  }

  async #replace(config: Config): Promise<void> {
    await this.#loop.stop();
    const before = { config: this.#config, registries: this.#registries, memory: this.#mesh.memory };
    await this.#mesh.close();
    const keep = sameRegistries(before.config, config);
    if (before.config.enabled && !config.enabled)
      for (const warning of await before.registries.withdraw()) this.#parts.log.warn(warning);
    if (!keep) {
      await before.registries.stop();
      this.#registries = await registriesOf(config, this.#parts.identity, this.#parts.log);
    }
    this.#config = config;
    this.#parts.log.level = config.log.level;
    this.#mesh = await meshOf(config, this.#registries, this.#parts, keep ? before.memory : undefined);
    this.#loop = this.#newLoop();
    if (!keep) this.#startRegistries();
    this.#loop.trigger("everything");
    this.#others?.request();
  }

  async #down(): Promise<Down> {
    await this.#loop.stop();
    const down = await this.#mesh.down();
    for (const warning of down.warnings) this.#parts.log.warn(warning);
    // The answer still has to leave through the socket that closing ends.
    setImmediate(() => void this.stop());
    return down;
  }

  /** Ends the daemon and leaves the data plane as it is: tunnels go on, and a new start finds them. */
  async stop(): Promise<void> {
    try {
      await this.#loop.stop();
      await this.#mesh.close();
      await this.#registries.stop();
      this.#spareMemory.stop();
      await Promise.all(this.#closers.splice(0).map((close) => close()));
      this.#ended.resolve();
    } catch (error) {
      this.#ended.reject(error);
    }
  }
}

async function registriesOf(config: Config, { nodeId }: Identity, log: Logger): Promise<Registries> {
  const { stateDirectory, cluster } = config;
  const affiliates = await AffiliateCache.open({ stateDirectory, cluster, nodeId, log, clock: Date.now });
  if (affiliates.found)
    log.info(
      { nodes: affiliates.found.affiliates.length, file: affiliates.file },
      "nodes known from the last run",
    );
  return openRegistries(config, nodeId, log, Date.now, { affiliates, isKept: config.enabled });
}

/** What stays the same whatever the configuration. */
interface Parts {
  readonly identity: Identity;
  readonly repairs: Repairs;
  readonly barrier: SecondBarrier;
  readonly shells: Shells;
  readonly log: Logger;
}

async function meshOf(
  config: Config,
  registries: Registries,
  { shells, ...parts }: Parts,
  memory?: Mesh["memory"],
): Promise<Mesh> {
  const self = await describeSelf(config, parts.identity);
  const lastWorking = await LastWorkingFile.open(config.stateDirectory, parts.log, Date.now);
  return new Mesh(
    { ...parts, config, self, registries, lastWorking, run: shells.run, clock: Date.now },
    memory,
  );
}
