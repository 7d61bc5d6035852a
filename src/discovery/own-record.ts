import type { Secret } from "../base/index.ts";
import type { Membership } from "./affiliate.ts";
import { type Envelope, openEnvelope } from "./envelope.ts";

/** What else a service tells under this node's id, since it was started. */
export interface Disowned {
  /** How often this node's affiliate was deleted, or replaced by something that this node did not write. */
  readonly times: number;
  /** In words, the last time. */
  readonly what: string;
  /** Another machine announces itself as this node, again and again, and was there first: this one is silent. */
  readonly isSilenced: boolean;
}

interface OwnRecordOptions {
  readonly key: Secret;
  /** As announced: a hash of what identifies this machine, and when its daemon started. */
  readonly origin: Pick<Membership, "machine" | "startedAt">;
}

/** Sightings of another machine after which it is a clone, and no announcement that a machine made before it was replaced. */
const sightingsOfClone = 3;
/** What was published lately comes back late now and then: so many announcements are known as this node's own. */
const mostRemembered = 16;
/** Between two answers to a service that keeps changing what this node says, ms. */
const leastBetweenMs = 2_000;

/**
 * Watches over what a service has of this node itself. Who changes or deletes it there cuts the node off from those who
 * do not know it yet, so it is published again at once. Two machines that announce themselves under one id are clones.
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

  /** The highest number that was told under this node's id: what it says next has to be higher. */
  get number(): number {
    return this.#number;
  }

  /** What is sent to the service from now on. */
  published(data: Uint8Array): void {
    const text = Buffer.from(data).toString("base64");
    if (this.#published.at(-1) === text) return;
    this.#published.push(text);
    if (this.#published.length > mostRemembered) this.#published.shift();
  }

  /**
   * The service tells that this node's affiliate was changed, or deleted (`undefined`). Gives in how many milliseconds
   * it is to be published again; `undefined` if it is as it should be. `now` is monotonic.
   */
  told(envelope: Envelope | undefined, now: number): number | undefined {
    const newest = this.#published.at(-1);
    if (newest === undefined) return undefined; // from before the start, and about to be replaced
    const text = envelope && Buffer.from(envelope.data).toString("base64");
    if (text === newest || text === "") return undefined; // others only added where they see this node
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
