import type { Logger } from "pino";
import { errorText } from "../../base/index.ts";
import type { Address } from "../../net/index.ts";
import { Said } from "../../system/index.ts";
import type { Affiliate } from "../affiliate.ts";
import { failuresAfter, retryDelayMs } from "../backoff.ts";
import type { Announcement, Registry } from "../registry.ts";
import { type RegistryPhase, type RegistryState, stateOf } from "../registry-state.ts";
import type { RefusedAffiliate, Told } from "../told.ts";
import type { RegistryDriver, Session } from "./registry-driver.ts";
import { pause } from "./wake.ts";

/**
 * Makes a registry of any kind. It runs session after session, with pauses that grow while they fail. A failure is
 * logged once until the next success, however often it happens.
 */
export const registryWith = (driver: RegistryDriver, log: Logger): Registry =>
  new RegistryLife(driver, log.child({ registry: driver.name }));

/**
 * The shortest time in milliseconds between two sessions that an address ended which is gone. The first is followed at
 * once. Addresses that go all the time, as forged router advertisements can make them, are followed this often.
 */
const calmMs = 1_000;

/** The number of refused affiliates that are logged: anybody may put as many there as the service takes. */
const mostRefusalsLogged = 20;

/** Nothing tells a wrong cluster id from a cluster that has no other node yet. */
const nobodyElse =
  "; no other node of this cluster is there (if there should be one, compare clusterID with its own)";

class RegistryLife implements Registry {
  readonly #driver: RegistryDriver;
  readonly #log: Logger;
  #phase: Exclude<RegistryPhase["phase"], "cached"> = "stopped";
  /** The last failure, until the next success. */
  #failure: string | undefined;
  /** The milliseconds for which the other side asked to be left alone. */
  #askedMs = 0;
  /** The failures that were logged since the last success. */
  readonly #said = new Said();
  readonly #refusalsSaid = new Set<string>();
  /** The problems that were logged. */
  #problems: readonly string[] = [];
  #addresses: readonly Address[] = [];
  /** Ends the current session, so that the next one begins. */
  #moved = new AbortController();
  #onChange: (() => void) | undefined;
  #isToldSoon = false;
  #running: { readonly stop: AbortController; readonly ended: Promise<void> } | undefined;

  constructor(driver: RegistryDriver, log: Logger) {
    this.#driver = driver;
    this.#log = log;
  }

  start(onChange: () => void): void {
    if (this.#running) return;
    this.#onChange = onChange;
    const stop = new AbortController();
    this.#phase = "connecting";
    this.#running = { stop, ended: this.#run(stop.signal) };
  }

  publish(announcement: Announcement): void {
    this.#driver.publish(announcement);
    this.#logProblems();
    this.#follow(announcement.own.addresses);
  }

  /**
   * Ends the session if an address of this node is gone. A connection from that address would be found dead only after
   * many seconds.
   */
  #follow(addresses: readonly Address[]): void {
    const isGone = this.#addresses.some((address) => !addresses.includes(address));
    this.#addresses = addresses;
    if (isGone) this.#moved.abort();
  }

  told(): Told {
    return this.#driver.told();
  }

  state(): RegistryState {
    const location = this.#driver.location();
    return stateOf({ name: this.#driver.name, location }, this.#driver.told(), this.#phaseNow());
  }

  #phaseNow(): RegistryPhase {
    const phase = this.#phase;
    if (phase === "stopped") return { phase };
    const errors = [this.#failure ?? [], this.#driver.problems()].flat();
    return errors.length === 0 ? { phase } : { phase, error: errors.join("; ") };
  }

  async withdraw(farewell?: Affiliate): Promise<void> {
    await this.stop();
    await this.#driver.withdraw(farewell);
  }

  async takeOut(nodeId: string): Promise<void> {
    await this.#driver.takeOut?.(nodeId);
  }

  async stop(): Promise<void> {
    const running = this.#running;
    this.#onChange = undefined;
    running?.stop.abort();
    await running?.ended;
    this.#running = undefined;
    this.#phase = "stopped";
  }

  /** Runs sessions until it is stopped. Never rejects. */
  async #run(stop: AbortSignal): Promise<void> {
    let movedAt = Number.NEGATIVE_INFINITY;
    for (let failures = 0; !stop.aborted; ) {
      this.#moved = new AbortController();
      const moved = this.#moved.signal;
      const over = AbortSignal.any([stop, moved]);
      const workedForMs = await this.#session(over);
      if (moved.aborted) {
        const calmInMs = movedAt + calmMs - performance.now();
        movedAt = performance.now();
        if (calmInMs > 0) await pause(calmInMs, stop);
      }
      if (over.aborted) continue;
      failures = failuresAfter(failures, workedForMs);
      await pause(retryDelayMs(failures, this.#askedMs, Math.random()), over);
    }
  }

  /** Runs one session to its end. Gives the milliseconds for which all of it had worked. */
  async #session(signal: AbortSignal): Promise<number | undefined> {
    let [isConnected, isAnnounced] = [false, false];
    let since: number | undefined;
    this.#askedMs = 0;
    const check = (): void => {
      if (isConnected && isAnnounced) since ??= performance.now();
    };
    const session: Session = {
      connected: () => {
        if (!isConnected) this.#connected();
        isConnected = true;
        check();
      },
      announced: () => {
        isAnnounced = true;
        check();
      },
      changed: () => this.#changed(),
    };
    try {
      await this.#driver.session(session, signal);
    } catch (error) {
      this.#askedMs = this.#driver.waitMs?.(error) ?? 0;
      if (!signal.aborted) this.#failed(error);
    }
    return since === undefined ? undefined : performance.now() - since;
  }

  #connected(): void {
    this.#phase = "connected";
    this.#failure = undefined;
    this.#said.forget();
    const { affiliates, refused } = this.#driver.told();
    const isAlone = affiliates.length === 0 && refused.length === 0;
    this.#log.info(
      { affiliates: affiliates.length },
      `connected to ${this.#driver.otherSide}${isAlone ? nobodyElse : ""}`,
    );
    this.#changed();
  }

  #failed(thrown: unknown): void {
    const failure = errorText(this.#driver.explain(thrown));
    this.#log[this.#said.isNews(failure) ? "warn" : "debug"](failure);
    this.#phase = "connecting";
    this.#failure = failure;
    this.#changed();
  }

  #logProblems(): void {
    const problems = this.#driver.problems();
    for (const problem of problems) if (!this.#problems.includes(problem)) this.#log.error(problem);
    this.#problems = problems;
  }

  /** Logs each affiliate that is refused as a whole, once; the status shows all of them. */
  #logRefusals(refused: readonly RefusedAffiliate[]): void {
    for (const { nodeId, reason, partly } of refused) {
      const text = `affiliate ${nodeId} is refused: ${reason}`;
      if (partly || this.#refusalsSaid.size >= mostRefusalsLogged || this.#refusalsSaid.has(text)) continue;
      this.#refusalsSaid.add(text);
      this.#log.warn(text);
    }
  }

  #changed(): void {
    this.#logProblems();
    if (this.#isToldSoon) return;
    this.#isToldSoon = true;
    setImmediate(() => {
      this.#isToldSoon = false;
      if (this.#running) this.#logRefusals(this.#driver.told().refused);
      this.#onChange?.();
    });
  }
}
