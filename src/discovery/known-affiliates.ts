import type { Secret } from "../base/index.ts";
import type { Affiliate } from "./affiliate.ts";
import { type Envelope, openEnvelope } from "./envelope.ts";
import { limits } from "./limits.ts";
import type { RefusedAffiliate } from "./registry.ts";
import { printable } from "./text.ts";

/** What can be known of one envelope. */
interface Known {
  readonly affiliate?: Affiliate;
  readonly refused: readonly RefusedAffiliate[];
}

/** Told of this node's own affiliate as the service has it: when it is changed, and `undefined` when it is deleted. */
type OnOwn = (envelope: Envelope | undefined) => void;

/** Affiliates whose refusal is remembered, so that a hostile service fills no memory and no screen. */
const maxRefused = 128;

/** The other nodes of a cluster as one service tells them, opened, checked and bounded. */
export class KnownAffiliates {
  readonly #key: Secret;
  readonly #ownId: string;
  readonly #byId = new Map<string, Known>();
  /** Known from before the last snapshot, which did not hold them. */
  #unconfirmed = new Set<string>();
  #used = 0;
  readonly #onOwn: OnOwn;

  constructor(key: Secret, ownId: string, onOwn: OnOwn = () => undefined) {
    this.#key = key;
    this.#ownId = ownId;
    this.#onOwn = onOwn;
  }

  /**
   * A snapshot. What it does not hold may be gone, or the service was restarted and the others have not told it yet
   * (lesson 13): it is kept until `forgetUnconfirmed`.
   */
  snapshot(envelopes: readonly Envelope[]): void {
    this.#unconfirmed = new Set(this.#byId.keys());
    // What it holds of this node is from before, and about to be replaced.
    this.update(envelopes.filter(({ id }) => id !== this.#ownId));
  }

  /** Gives whether anything was forgotten. */
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

  /** An affiliate that was believed until now and no longer can be is gone: the service's word of now counts. */
  #store(envelope: Envelope): void {
    if (envelope.id === this.#ownId) return this.#onOwn(envelope);
    const isComplete = envelope.data.length > 0;
    if (!isComplete && this.#unconfirmed.has(envelope.id)) return; // others speak of it, it will follow
    this.remove([envelope.id]);
    if (!isComplete) return; // only endpoints are known: nobody to use them for yet
    const known = this.#open(envelope);
    if (known.affiliate) this.#used++;
    else if (this.#byId.size - this.#used >= maxRefused) return;
    this.#byId.set(envelope.id, known);
  }

  #open(envelope: Envelope): Known {
    const nodeId = printable(envelope.id, 64);
    if (this.#used >= limits.affiliatesPerCluster) this.forgetUnconfirmed(); // they are the least certain
    if (this.#used >= limits.affiliatesPerCluster)
      return { refused: [{ nodeId, reason: `there are ${limits.affiliatesPerCluster} affiliates already` }] };
    const result = openEnvelope(this.#key, envelope);
    if ("refused" in result) return { refused: [{ nodeId, reason: result.refused }] };
    const refused = result.dropped.map((reason): RefusedAffiliate => ({ nodeId, reason, partly: true }));
    return { affiliate: result.affiliate, refused };
  }
}
