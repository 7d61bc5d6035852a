import { setTimeout as delay } from "node:timers/promises";
import type { Refusal } from "../refusal.ts";
import type { AffiliateUpdate } from "../requests.ts";

/** An operation on an affiliate: an update or a deletion. */
export type Operation = AffiliateUpdate | "delete";

interface Waiting {
  readonly operation: Operation;
  readonly resolve: (refusal: Refusal | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/** Applies all operations in one write, and gives the refusal of each, if any. */
type Write = (
  clusterId: string,
  affiliateId: string,
  operations: readonly Operation[],
) => Promise<readonly (Refusal | undefined)[]>;

const betweenWritesMs = 1_000;

/**
 * The writes of each affiliate, one after the other and at most one a second; operations that arrive meanwhile become
 * one write. etcd keeps every version until it is compacted, so a client that repeats itself must not determine how
 * many there are.
 */
export class EtcdWrites {
  readonly #write: Write;
  readonly #waiting = new Map<string, Waiting[]>();

  constructor(write: Write) {
    this.#write = write;
  }

  do(clusterId: string, affiliateId: string, operation: Operation): Promise<Refusal | undefined> {
    return new Promise((resolve, reject) => {
      const key = JSON.stringify([clusterId, affiliateId]);
      const known = this.#waiting.get(key);
      const waiting = { operation, resolve, reject };
      if (known) known.push(waiting);
      else {
        this.#waiting.set(key, [waiting]);
        void this.#run(key, clusterId, affiliateId);
      }
    });
  }

  /** Writes until nothing waits and a second has passed since the last write. */
  async #run(key: string, clusterId: string, affiliateId: string): Promise<void> {
    const waiting = this.#waiting.get(key) ?? [];
    while (waiting.length > 0) {
      const batch = waiting.splice(0);
      try {
        const refusals = await this.#write(
          clusterId,
          affiliateId,
          batch.map(({ operation }) => operation),
        );
        batch.forEach(({ resolve }, index) => resolve(refusals[index]));
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
      await delay(betweenWritesMs, undefined, { ref: false });
    }
    this.#waiting.delete(key);
  }
}
