import type { Runner } from "./run.ts";

/** What systemd is told at most, in characters: its status line is one of a terminal. */
const longestStatus = 120;

interface Options {
  /** The environment: systemd sets NOTIFY_SOCKET for a service of Type=notify, and WATCHDOG_USEC with WatchdogSec=. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly run: Runner;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly onError: (error: unknown) => void;
}

/**
 * Tells systemd how a service is, in the way of sd_notify(3): that it has started, that it still works, and a line of
 * status. Node has no sockets of the kind that systemd listens on, so systemd-notify does it. Without systemd nothing
 * happens.
 */
export class ServiceManager {
  readonly #options: Options;
  readonly #isThere: boolean;
  /** How often systemd wants to hear that the service works; `undefined`: never. Milliseconds. */
  readonly #watchdogMs: number | undefined;
  #told: { readonly status: string; readonly at: number } | undefined;
  #telling: Promise<void> = Promise.resolve();

  constructor(options: Options) {
    const { NOTIFY_SOCKET: socket, WATCHDOG_USEC: watchdog } = options.environment;
    this.#options = options;
    this.#isThere = socket !== undefined && socket !== "";
    const microseconds = Number(watchdog);
    this.#watchdogMs = microseconds > 0 ? microseconds / 1000 : undefined;
  }

  /** The service does its work now. */
  ready(status: string): void {
    this.#tell(status, ["READY=1"]);
  }

  /**
   * The service has done some work. systemd is told when the status is another one, and so often that its watchdog sees
   * that the service works: a service that hangs does not call this, and is started again.
   */
  worked(status: string): void {
    if (!this.#isThere || !this.#told) return;
    const isNews = status !== this.#told.status;
    const sinceMs = this.#options.clock() - this.#told.at;
    const isDue = this.#watchdogMs !== undefined && (sinceMs >= this.#watchdogMs / 3 || sinceMs < 0);
    if (isNews || isDue) this.#tell(status, this.#watchdogMs === undefined ? [] : ["WATCHDOG=1"]);
  }

  /** For a service whose work comes from others: as long as its event loop turns, it works. Gives what ends that. */
  beat(status: () => string): () => void {
    if (!this.#isThere || this.#watchdogMs === undefined) return () => undefined;
    const timer = setInterval(() => this.worked(status()), this.#watchdogMs / 3).unref();
    return () => clearInterval(timer);
  }

  /** The service ends by itself. Resolves when everything was told. */
  async stopping(): Promise<void> {
    if (this.#told) this.#tell("stopping", ["STOPPING=1"]);
    await this.#telling;
  }

  #tell(status: string, messages: readonly string[]): void {
    if (!this.#isThere) return;
    const { run, clock, onError } = this.#options;
    this.#told = { status, at: clock() };
    const args = [...messages, `STATUS=${status.slice(0, longestStatus)}`];
    this.#telling = this.#telling
      .then(() => run({ program: "systemd-notify", args }))
      .then(() => undefined, onError);
  }
}
