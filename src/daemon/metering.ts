import type { Logger } from "pino";
import type { Status } from "../api/index.ts";
import type { Config } from "../config/index.ts";
import { MetricsServer } from "../metrics/effects/index.ts";
import { type Metered, noPasses, noTotals, withPass, withPeers } from "../metrics/index.ts";
import type { Scope } from "./loop.ts";

/** What is counted for the metrics while the daemon runs, and the server that shows it. */
export class Metering {
  readonly #server: MetricsServer;
  #passes = noPasses;
  #totals = noTotals;

  constructor(log: Logger, status: () => Promise<Status>) {
    this.#server = new MetricsServer(log, async () => this.#metered(await status()));
  }

  /** Runs a pass, and counts it and the time that it took. */
  async timed<Value>(scope: Scope, pass: () => Promise<Value>): Promise<Value> {
    const began = performance.now();
    let hasFailed = true;
    try {
      const value = await pass();
      hasFailed = false;
      return value;
    } finally {
      this.#passes = withPass(this.#passes, scope, (performance.now() - began) / 1000, hasFailed);
    }
  }

  #metered(status: Status): Metered {
    this.#totals = withPeers(this.#totals, status.peers);
    const { user, system } = process.cpuUsage();
    return {
      status,
      passes: this.#passes,
      totals: this.#totals,
      process: { residentBytes: process.memoryUsage.rss(), cpuSeconds: (user + system) / 1_000_000 },
      now: Date.now(),
    };
  }

  /** Serves the metrics where this configuration asks for them. */
  follow({ metrics }: Config): void {
    this.#server.follow(metrics);
  }

  close(): Promise<void> {
    return this.#server.close();
  }
}
