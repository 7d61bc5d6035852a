import type { Logger } from "pino";
import { type ObservedNotice, statementMs } from "../members/index.ts";
import { endpointAddress, unreachableKind } from "../net/index.ts";
import type { Observation } from "../port/index.ts";

interface Parts {
  readonly nodeId: string;
  readonly log: Logger;
  /** The present time in milliseconds since 1970. */
  readonly clock: () => number;
}

/** What members say about the endpoint at which they see this node. */
export class Observers {
  readonly #parts: Parts;
  readonly #statements = new Map<string, Observation>();
  readonly #numbers = new Map<string, number>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Takes the proved statement of a member; tells whether it is news. */
  heed({ nodeId, number, endpoint, seconds }: ObservedNotice, observer: string): boolean {
    const { nodeId: own, log, clock } = this.#parts;
    if (nodeId !== own || unreachableKind(endpointAddress(endpoint)) !== undefined) return false;
    // A statement that was held back on its way must not replace a newer one.
    if (number <= (this.#numbers.get(observer) ?? 0)) return false;
    this.#numbers.set(observer, number);
    const now = clock();
    const isNews = this.#statements.get(observer)?.endpoint !== endpoint;
    const since = Math.max(0, now - seconds * 1000);
    this.#statements.set(observer, { observer, by: "member", endpoint, since, at: now });
    if (isNews) log.info({ member: observer, endpoint }, "seen from outside");
    return isNews;
  }

  /** The statements that still count. */
  get observations(): readonly Observation[] {
    const now = this.#parts.clock();
    for (const [observer, { at }] of this.#statements)
      if (now - at > statementMs) this.#statements.delete(observer);
    return [...this.#statements.values()];
  }
}
