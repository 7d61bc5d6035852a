import { hostname } from "node:os";
import { isDeepStrictEqual } from "node:util";
import type { Logger } from "pino";
import { errorText } from "../../base/index.ts";
import type { MetricsConfig } from "../../config/index.ts";
import { hostPortText } from "../../net/index.ts";
import { type Metered, metricsOf } from "../index.ts";
import { type Answer, type Monitoring, type Pages, recent, serveMonitoring } from "./http.ts";

/**
 * Serves the metrics of the daemon, and what stands beside them, where the configuration asks for them. The mesh does not depend on that: an address
 * that cannot be had is a line of the log, and is tried again.
 */
export class MetricsServer {
  readonly #log: Logger;
  readonly #ask: () => Promise<Metered>;
  readonly #beside: (config: MetricsConfig) => Pages;
  #wanted: MetricsConfig | undefined;
  #served: Monitoring | undefined;
  #problem: string | undefined;
  #turn = Promise.resolve();

  /**
   * `ask` looks at the daemon; it is called when somebody asks for the metrics. `beside` gives the further pages that a
   * configuration asks for.
   */
  constructor(
    log: Logger,
    ask: () => Promise<Metered>,
    beside: (config: MetricsConfig) => Pages = () => ({}),
  ) {
    this.#log = log;
    this.#beside = beside;
    this.#ask = recent(ask);
  }

  /** Brings the server to what is configured. It costs nothing where it is so already. */
  follow(wanted: MetricsConfig | undefined): void {
    const isServed = this.#served !== undefined || wanted === undefined;
    if (isServed && isDeepStrictEqual(wanted, this.#wanted)) return;
    this.#turn = this.#turn.then(() => this.#change(wanted));
  }

  async #change(wanted: MetricsConfig | undefined): Promise<void> {
    if (this.#served && isDeepStrictEqual(wanted, this.#wanted)) return;
    await this.#served?.close();
    this.#served = undefined;
    this.#wanted = wanted;
    if (!wanted) return;
    try {
      const metrics = (accepted: string): Promise<Answer> => this.#answer(wanted, accepted);
      const pages = { ...this.#beside(wanted), "/metrics": metrics };
      this.#served = await serveMonitoring(wanted.listen, pages, [...ownNames(), ...wanted.names]);
      this.#problem = undefined;
      this.#log.info(`metrics are served at http://${hostPortText(wanted.listen)}/metrics`);
    } catch (error) {
      const problem = `no metrics are served: ${errorText(error)}`;
      if (problem !== this.#problem) this.#log.warn(problem);
      this.#problem = problem;
    }
  }

  async #answer({ peers }: MetricsConfig, accepted: string): Promise<Answer> {
    // The library is large, so it is loaded where it is used.
    const { expose } = await import("./exposition.ts");
    const { contentType, text } = await expose(metricsOf(await this.#ask(), { peers }), accepted);
    return { code: 200, text, type: contentType };
  }

  async close(): Promise<void> {
    this.follow(undefined);
    await this.#turn;
  }
}

/** The names that this node gives itself. */
const ownNames = (): readonly string[] => [hostname(), hostname().split(".")[0] ?? ""];
