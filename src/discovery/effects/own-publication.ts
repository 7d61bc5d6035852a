import { randomBytes } from "node:crypto";
import type { Logger } from "pino";
import type { Secret } from "../../base/index.ts";
import type { Membership } from "../affiliate.ts";
import type { Envelope } from "../envelope.ts";
import { type Disowned, OwnRecord } from "../own-record.ts";
import { isSamePublication, type Publication, sealAnnouncement, withoutOwn } from "../publication.ts";
import type { Announcement } from "../registry.ts";
import type { Secrets } from "../secrets.ts";
import { Wake } from "./wake.ts";

interface OwnPublicationOptions {
  /** The secret that seals. */
  readonly key: Secret;
  /** All secrets with which this node may have sealed its record; absent for that one. */
  readonly secrets?: Secrets;
  readonly origin: Pick<Membership, "machine" | "startedAt">;
  readonly log: Logger;
}

const silence =
  "another machine with this node's identity was there first: this node is not announced any more; give it an identity " +
  "of its own: kubespan down --forget-identity";

/** The sealed announcement of this node for one service. It is published again when it is changed or deleted there. */
export class OwnPublication {
  /** Notified when `current` changes. */
  readonly changed = new Wake();
  readonly #key: Secret;
  readonly #log: Logger;
  readonly #record: OwnRecord;
  #announcement: Announcement | undefined;
  #current: Publication | undefined;
  #answer: NodeJS.Timeout | undefined;

  constructor({ key, secrets = key, origin, log }: OwnPublicationOptions) {
    this.#key = key;
    this.#log = log;
    this.#record = new OwnRecord({ key: secrets, origin });
  }

  /** The current publication; `undefined` before anything was published. */
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

  /** Forgets the publication, since the node leaves. */
  forget(): void {
    this.#current = undefined;
  }

  /**
   * Handles the record that the service has of this node; `undefined` when it was deleted. A wrong record is published
   * again.
   */
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

  /** Cancels a pending answer at the end of a session, as the next session publishes everything again. */
  pause(): void {
    clearTimeout(this.#answer);
  }

  #sayAgain(): void {
    if (this.#announcement && this.#current) this.#seal(this.#announcement, withoutOwn(this.#current));
  }

  /** Seals an announcement. Updates whose content is unchanged from `like` keep their bytes, and are not sent again. */
  #seal(announcement: Announcement, like: Publication | undefined): void {
    const sealed = sealAnnouncement(this.#key, announcement, like, randomBytes);
    const next = this.disowned?.isSilenced ? withoutOwn(sealed) : sealed;
    if (this.#current && isSamePublication(this.#current, next)) return;
    this.#current = next;
    for (const { data } of next.updates) if (data) this.#record.published(data);
    this.changed.notify();
  }
}
