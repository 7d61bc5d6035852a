import type { Logger } from "pino";
import { errorText } from "../base/index.ts";
import { type Runner, run } from "./run.ts";

/** The longest status in characters, as systemd shows it on one line of a terminal. */
const longestStatus = 120;

/** The milliseconds after which it is told again that the service is ready, where that may not have been heard. */
const againMs = 15_000;

interface Options {
  /**
   * The environment variables. systemd sets NOTIFY_SOCKET for a service of Type=notify, and WATCHDOG_USEC with
   * WatchdogSec=.
   */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly run: Runner;
  /** The time in milliseconds since 1970. */
  readonly clock: () => number;
  readonly onError: (error: unknown) => void;
}

/**
 * Tells systemd about the service, in the way of sd_notify(3): that it has started, that it still works, and a line of
 * status. Node has no sockets of the kind on which systemd listens, so systemd-notify sends the messages. Without
 * systemd nothing happens.
 */
export class ServiceManager {
  readonly #options: Options;
  readonly #isThere: boolean;
  /** The milliseconds within which systemd wants a sign that the service works; `undefined` if it wants none. */
  readonly #watchdogMs: number | undefined;
  #told: { readonly status: string; readonly at: number } | undefined;
  /** A machine that is slow enough loses the message that the service is ready, and then ends the service as late. */
  #owesReady = false;
  #telling: Promise<void> = Promise.resolve();

  constructor(options: Options) {
    const { NOTIFY_SOCKET: socket, WATCHDOG_USEC: watchdog } = options.environment;
    this.#options = options;
    this.#isThere = socket !== undefined && socket !== "";
    const microseconds = Number(watchdog);
    this.#watchdogMs = microseconds > 0 ? microseconds / 1000 : undefined;
  }

  /** Tells that the service does its work now. */
  ready(status: string): void {
    this.#tell(status, ["READY=1"]);
  }

  /**
   * Notes that the service has done some work. systemd is told if the status changed, if it may not have heard that the
   * service is ready, and so often that its watchdog sees the service work. A service that hangs does not call this, and
   * is restarted.
   */
  worked(describe: () => string): void {
    if (!this.#isThere || !this.#told) return;
    const status = describe();
    const isNews = status !== this.#told.status;
    const sinceMs = this.#options.clock() - this.#told.at;
    const isDue = this.#watchdogMs !== undefined && (sinceMs >= this.#watchdogMs / 3 || sinceMs < 0);
    const isOwed = this.#owesReady && sinceMs >= againMs;
    if (!isNews && !isDue && !isOwed) return;
    const messages = this.#watchdogMs === undefined ? [] : ["WATCHDOG=1"];
    this.#tell(status, this.#owesReady ? ["READY=1", ...messages] : messages);
  }

  /**
   * Reports work at intervals, for a service whose work comes from others: it works as long as its event loop turns.
   * Gives the function that ends this.
   */
  beat(describe: () => string): () => void {
    if (!this.#isThere || this.#watchdogMs === undefined) return () => undefined;
    const timer = setInterval(() => this.worked(describe), this.#watchdogMs / 3).unref();
    return () => clearInterval(timer);
  }

  /** Tells that the service ends by itself. Resolves when everything was told. */
  async stopping(): Promise<void> {
    if (this.#told) this.#tell("stopping", ["STOPPING=1"]);
    await this.#telling;
  }

  #tell(status: string, messages: readonly string[]): void {
    if (!this.#isThere) return;
    const options = this.#options;
    this.#told = { status, at: options.clock() };
    const args = [...messages, `STATUS=${status.slice(0, longestStatus)}`];
    const isReady = messages.includes("READY=1");
    this.#telling = this.#telling
      .then(() => options.run({ program: "systemd-notify", args }))
      .then(
        () => {
          if (isReady) this.#owesReady = false;
        },
        (error: unknown) => {
          if (isReady) this.#owesReady = true;
          options.onError(error);
        },
      );
  }
}

/** The connection to systemd, if it started this process. No shell takes part, since shells lack the address of systemd. */
export const serviceManager = (log: Logger): ServiceManager =>
  new ServiceManager({
    environment: process.env,
    run,
    clock: () => Date.now(),
    onError: (error) => log.warn(`systemd was not told how the service is: ${errorText(error)}`),
  });
