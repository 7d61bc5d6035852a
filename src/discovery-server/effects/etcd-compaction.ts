import type { Etcd3 } from "etcd3";
import type { Logger } from "pino";

/**
 * Compacts the history of etcd: each time up to the revision that was current the time before, so that a watcher has
 * one to two intervals to catch up. All services on one etcd do this, which does no harm.
 */
export class EtcdCompaction {
  readonly #client: Etcd3;
  readonly #log: Logger;
  readonly #timer: NodeJS.Timeout;
  #before: string | undefined;
  #hasFailed = false;

  constructor(client: Etcd3, everyMs: number, log: Logger) {
    this.#client = client;
    this.#log = log;
    this.#timer = setInterval(() => void this.#compact(), everyMs);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Compacts once. Never rejects. */
  async #compact(): Promise<void> {
    try {
      const { header } = await this.#client.kv.range({ key: Buffer.from("\0"), count_only: true });
      const before = this.#before;
      this.#before = header.revision;
      if (before !== undefined && before !== header.revision)
        await this.#client.kv.compact({ revision: before });
      this.#hasFailed = false;
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      if (/compacted/.test(text) || this.#hasFailed) return; // another service was quicker, or the failure was logged
      this.#hasFailed = true;
      this.#log.warn(`etcd is not compacted and grows with each write: ${text}; it is tried again`);
    }
  }
}
