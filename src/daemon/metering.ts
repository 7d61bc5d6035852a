import type { Logger } from "pino";
import type { Status } from "../api/index.ts";
import type { Config } from "../config/index.ts";
import { MetricsServer } from "../metrics/effects/index.ts";
import { type Metered, noPasses, noTotals, withPass, withPeers } from "../metrics/index.ts";
import { Page } from "../page/effects/index.ts";
import type { Answers } from "./answers.ts";
import type { Scope } from "./loop.ts";

/** What is counted for the metrics while the daemon runs, and the server that shows it, with the page beside it. */
export class Metering {
  readonly #server: MetricsServer;
  readonly #page: Page;
  #passes = noPasses;
  #totals = noTotals;

  constructor(log: Logger, answers: Pick<Answers, "routes" | "eyes">) {
    this.#page = new Page(answers.eyes);
    const ask = async (): Promise<Metered> => this.#metered(await answers.routes.status());
    this.#server = new MetricsServer(log, ask, ({ page }) => (page ? this.#page.pages : {}));
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

  /** Serves what this configuration asks for, and shows what a pass has changed. */
  follow({ metrics }: Config): void {
    this.#server.follow(metrics);
    this.#page.passed();
  }

  close(): Promise<void> {
    return this.#server.close();
  }
}
