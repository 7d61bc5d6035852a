import type { Membership } from "./affiliate.ts";
import { type Envelope, openEnvelope } from "./envelope.ts";
import type { Secrets } from "./secrets.ts";

/** The foreign statements of a service under this node's id, since the registry was started. */
export interface Disowned {
  /**
   * The number of times that this node's affiliate was deleted, or replaced by a record that this node did not write.
   */
  readonly times: number;
  /** A description of the last time. */
  readonly what: string;
  /**
   * Set if another machine announced itself repeatedly with this node's id and was there first. This node is silent
   * then.
   */
  readonly isSilenced: boolean;
}

interface OwnRecordOptions {
  readonly key: Secrets;
  /** The announced origin: a hash of what identifies this machine, and the time at which its daemon started. */
  readonly origin: Pick<Membership, "machine" | "startedAt">;
}

/**
 * The number of sightings that prove a clone. Fewer may be announcements that the machine made before it was replaced.
 */
const sightingsOfClone = 3;
/** The number of announcements that are recognized as this node's own, since recent ones sometimes come back late. */
const mostRemembered = 16;
/** The least time in milliseconds between two answers to a service that keeps changing this node's record. */
const leastBetweenMs = 2_000;

/**
 * Watches the record that a service has of this node. A change or deletion of the record cuts the node off from the
 * nodes that do not know it yet, so it is published again at once. Two machines that announce themselves with one id
 * are clones.
 */
export class OwnRecord {
  readonly #options: OwnRecordOptions;
  readonly #published: string[] = [];
  #disowned: Disowned | undefined;
  #number = 0;
  #sightings = 0;
  #answeredAt = Number.NEGATIVE_INFINITY;

  constructor(options: OwnRecordOptions) {
    this.#options = options;
  }

  get disowned(): Disowned | undefined {
    return this.#disowned;
  }

  /** The highest number that was told under this node's id. The next announcement needs a higher one. */
  get number(): number {
    return this.#number;
  }

  /** Notes the data that is sent to the service from now on. */
  published(data: Uint8Array): void {
    const text = Buffer.from(data).toString("base64");
    if (this.#published.at(-1) === text) return;
    this.#published.push(text);
    if (this.#published.length > mostRemembered) this.#published.shift();
  }

  /**
   * Handles a change of this node's affiliate at the service, or its deletion (`undefined`). Gives the milliseconds
   * after which it is to be published again; `undefined` if it is as it should be. `now` is monotonic.
   */
  told(envelope: Envelope | undefined, now: number): number | undefined {
    const newest = this.#published.at(-1);
    if (newest === undefined) return undefined; // the record is older than this start, and about to be replaced
    const text = envelope && Buffer.from(envelope.data).toString("base64");
    if (text === newest || text === "") return undefined; // others only added observed endpoints
    if (text === undefined) this.#note("its record was deleted");
    else if (envelope && !this.#published.includes(text)) this.#judge(envelope);
    if (this.#disowned?.isSilenced) return undefined;
    const inMs = Math.max(0, this.#answeredAt + leastBetweenMs - now);
    this.#answeredAt = now + inMs;
    return inMs;
  }

  #judge(envelope: Envelope): void {
    const result = openEnvelope(this.#options.key, envelope);
    if ("refused" in result) return this.#note(`its record was replaced: ${result.refused}`);
    const { membership } = result.affiliate;
    this.#number = Math.max(this.#number, membership?.number ?? 0);
    const { origin } = this.#options;
    if (!membership?.machine || !origin.machine || membership.machine === origin.machine)
      return this.#note("its record was replaced by one that it did not write, or wrote before");
    this.#sightings++;
    const isClone = this.#sightings >= sightingsOfClone;
    const wasFirst =
      membership.startedAt < origin.startedAt ||
      (membership.startedAt === origin.startedAt && membership.machine < origin.machine);
    this.#note(
      isClone
        ? "another machine announces itself with this node's identity: one is a copy of the other"
        : "another machine announced itself with this node's identity",
      isClone && wasFirst,
    );
  }

  #note(what: string, isSilenced = false): void {
    const before = this.#disowned;
    this.#disowned = {
      times: (before?.times ?? 0) + 1,
      what,
      isSilenced: isSilenced || before?.isSilenced === true,
    };
  }
}
