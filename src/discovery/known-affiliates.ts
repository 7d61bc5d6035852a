import type { Affiliate } from "./affiliate.ts";
import { type Envelope, openEnvelope } from "./envelope.ts";
import { limits } from "./limits.ts";
import type { Secrets } from "./secrets.ts";
import { printable } from "./text.ts";
import type { RefusedAffiliate } from "./told.ts";

/** The result of opening one envelope. */
interface Known {
  readonly affiliate?: Affiliate;
  readonly refused: readonly RefusedAffiliate[];
}

/**
 * Called with this node's own affiliate when the service tells a change of it, and with `undefined` when it is deleted.
 */
type OnOwn = (envelope: Envelope | undefined) => void;

/** The number of refusals that are remembered, so that a hostile service fills no memory and no screen. */
const maxRefused = 128;

/** The other nodes of a cluster as one service tells them, opened, checked and bounded. */
export class KnownAffiliates {
  readonly #secrets: Secrets;
  readonly #names: readonly string[] | undefined;
  readonly #ownId: string;
  readonly #byId = new Map<string, Known>();
  /** The ids that were known before the last snapshot and are missing from it. */
  #unconfirmed = new Set<string>();
  #used = 0;
  readonly #onOwn: OnOwn;

  /** `names` are those of the secrets, where there are several. */
  constructor(secrets: Secrets, ownId: string, onOwn: OnOwn = () => undefined, names?: readonly string[]) {
    this.#secrets = secrets;
    this.#names = names;
    this.#ownId = ownId;
    this.#onOwn = onOwn;
  }

  /**
   * Takes a snapshot. Affiliates that are missing from it may be gone, or the service was restarted and they have not
   * told it yet, so they are kept until `forgetUnconfirmed`.
   */
  snapshot(envelopes: readonly Envelope[]): void {
    this.#unconfirmed = new Set(this.#byId.keys());
    // The record of this node in a snapshot is an old one, and about to be replaced.
    this.update(envelopes.filter(({ id }) => id !== this.#ownId));
  }

  /** Forgets the affiliates that the snapshot did not hold. Gives whether there were any. */
  forgetUnconfirmed(): boolean {
    const ids = [...this.#unconfirmed];
    this.remove(ids);
    return ids.length > 0;
  }

  update(envelopes: readonly Envelope[]): void {
    for (const envelope of envelopes) this.#store(envelope);
  }

  remove(ids: readonly string[]): void {
    for (const id of ids) {
      if (id === this.#ownId) this.#onOwn(undefined);
      if (this.#byId.get(id)?.affiliate) this.#used--;
      this.#byId.delete(id);
      this.#unconfirmed.delete(id);
    }
  }

  affiliates(): Affiliate[] {
    return [...this.#byId.values()].flatMap((known) => known.affiliate ?? []);
  }

  refused(): RefusedAffiliate[] {
    return [...this.#byId.values()].flatMap((known) => known.refused);
  }

  /**
   * Stores an envelope. An affiliate that was believed and is now replaced by one that cannot be believed is gone,
   * since the service's present statement counts.
   */
  #store(envelope: Envelope): void {
    if (envelope.id === this.#ownId) return this.#onOwn(envelope);
    const isComplete = envelope.data.length > 0;
    if (!isComplete && this.#unconfirmed.has(envelope.id)) return; // its data will follow
    this.remove([envelope.id]);
    if (!isComplete) return; // nobody can use endpoints alone
    const known = this.#open(envelope);
    if (known.affiliate) this.#used++;
    else if (this.#byId.size - this.#used >= maxRefused) return;
    this.#byId.set(envelope.id, known);
  }

  #open(envelope: Envelope): Known {
    const nodeId = printable(envelope.id, 64);
    if (this.#used >= limits.affiliatesPerCluster) this.forgetUnconfirmed(); // the least certain ones
    if (this.#used >= limits.affiliatesPerCluster)
      return { refused: [{ nodeId, reason: `there are ${limits.affiliatesPerCluster} affiliates already` }] };
    const result = openEnvelope(this.#secrets, envelope, this.#names);
    if ("refused" in result) return { refused: [{ nodeId, reason: result.refused }] };
    const refused = result.dropped.map((reason): RefusedAffiliate => ({ nodeId, reason, partly: true }));
    return { affiliate: result.affiliate, refused };
  }
}
