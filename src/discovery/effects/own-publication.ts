import { randomBytes } from "node:crypto";
import type { Logger } from "pino";
import type { Secret } from "../../base/index.ts";
import type { Membership } from "../affiliate.ts";
import type { Envelope } from "../envelope.ts";
import { type Disowned, OwnRecord } from "../own-record.ts";
import { isSamePublication, type Publication, sealAnnouncement, withoutOwn } from "../publication.ts";
import type { Announcement } from "../registry.ts";
import { Wake } from "./wake.ts";

interface OwnPublicationOptions {
  readonly key: Secret;
  readonly origin: Pick<Membership, "machine" | "startedAt">;
  readonly log: Logger;
}

const silence =
  "another machine with this node's identity was there first: this node is not announced any more; give it an identity " +
  "of its own: kubespan down --forget-identity";

/** What this node says to one service, sealed, and said again when somebody there changes or deletes it. */
export class OwnPublication {
  /** Notified when `current` becomes something else. */
  readonly changed = new Wake();
  readonly #key: Secret;
  readonly #log: Logger;
  readonly #record: OwnRecord;
  #announcement: Announcement | undefined;
  #current: Publication | undefined;
  #answer: NodeJS.Timeout | undefined;

  constructor({ key, origin, log }: OwnPublicationOptions) {
    this.#key = key;
    this.#log = log;
    this.#record = new OwnRecord({ key, origin });
  }

  /** `undefined` before anything was published. */
  get current(): Publication | undefined {
    return this.#current;
  }

  /** The highest number that the service told under this node's id. */
  get number(): number {
    return this.#record.number;
  }

  get disowned(): Disowned | undefined {
    return this.#record.disowned;
  }

  problems(): readonly string[] {
    const leftOut = this.#current?.leftOut ?? [];
    return this.disowned?.isSilenced ? [silence, ...leftOut] : leftOut;
  }

  publish(announcement: Announcement): void {
    this.#announcement = announcement;
    this.#seal(announcement, this.#current);
  }

  /** The node leaves: nothing is to be said. */
  forget(): void {
    this.#current = undefined;
  }

  /** What a service has of this node came in, or was deleted (`undefined`). What is not as it should be is said again. */
  told(envelope: Envelope | undefined): void {
    const before = this.disowned;
    const inMs = this.#record.told(envelope, performance.now());
    const now = this.disowned;
    if (now && now.what !== before?.what) this.#log.warn(`of this node, the service tells: ${now.what}`);
    if (inMs !== undefined) {
      this.pause();
      this.#answer = setTimeout(() => this.#sayAgain(), inMs);
      this.#answer.unref();
    } else if (now !== before) this.#sayAgain();
  }

  /** A session is over: the next one says everything again. */
  pause(): void {
    clearTimeout(this.#answer);
  }

  #sayAgain(): void {
    if (this.#announcement && this.#current) this.#seal(this.#announcement, withoutOwn(this.#current));
  }

  /** What is like in `like` keeps its bytes, and is not sent again. */
  #seal(announcement: Announcement, like: Publication | undefined): void {
    const sealed = sealAnnouncement(this.#key, announcement, like, randomBytes);
    const next = this.disowned?.isSilenced ? withoutOwn(sealed) : sealed;
    if (this.#current && isSamePublication(this.#current, next)) return;
    this.#current = next;
    for (const { data } of next.updates) if (data) this.#record.published(data);
    this.changed.notify();
  }
}
