import type { Logger } from "pino";
import { labelOf, type Members, type ObservedNotice, statementMs } from "../members/index.ts";
import { endpointAddress, unreachableKind } from "../net/index.ts";
import type { Observation } from "../port/index.ts";
import { heardFrom, type Statement, settled } from "./statement.ts";

interface Parts {
  readonly nodeId: string;
  readonly log: Logger;
  /** The present time in milliseconds since 1970. */
  readonly clock: () => number;
}

/** The most members to which this node listens. A few tell each node where they see it, however many there are. */
const mostObservers = 64;

/**
 * What members say about the endpoint at which they see this node, by their public keys: a name is chosen by its member,
 * and could be another one's.
 */
export class Observers {
  readonly #parts: Parts;
  readonly #statements = new Map<string, Statement>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Takes the proved statement of the member with a public key; tells whether it is news. */
  heed(notice: ObservedNotice, publicKey: string, members: Members): boolean {
    const { nodeId, log, clock } = this.#parts;
    if (notice.nodeId !== nodeId || unreachableKind(endpointAddress(notice.endpoint)) !== undefined)
      return false;
    const now = clock();
    const names = this.#forget(members, now);
    const name = names.get(publicKey);
    const before = this.#statements.get(publicKey);
    if (name === undefined || (!before && this.#statements.size >= mostObservers)) return false;
    const after = heardFrom(before, notice, now);
    this.#statements.set(publicKey, after);
    const isNews = before?.newsAt !== after.newsAt;
    if (isNews) log.info({ member: name, endpoint: after.endpoint }, "seen from outside");
    return isNews;
  }

  /** The statements of these members that still count; who spoke first comes first. */
  observations(members: Members): readonly Observation[] {
    const now = this.#parts.clock();
    const names = this.#forget(members, now);
    return [...this.#statements].map(([observer, statement]) => {
      const { endpoint, since, at } = settled(statement, now);
      return { observer, name: names.get(observer) ?? observer, by: "member", endpoint, since, at };
    });
  }

  /** Forgets what is old, and who is no member any more; gives the names of the members by public key. */
  #forget(members: Members, now: number): ReadonlyMap<string, string> {
    const names = new Map<string, string>();
    for (const { standing, claim } of members.values())
      if (standing !== "released" && claim.kubespan) names.set(claim.kubespan.publicKey, labelOf(claim));
    for (const [publicKey, { heardAt }] of this.#statements)
      if (!names.has(publicKey) || now - heardAt > statementMs) this.#statements.delete(publicKey);
    return names;
  }
}
