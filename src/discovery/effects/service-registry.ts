import { randomBytes } from "node:crypto";
import type { Logger } from "pino";
import { errorText } from "../../base/index.ts";
import type { ClusterIdentity, ServiceConfig } from "../../config/index.ts";
import type { Address } from "../../net/index.ts";
import type { Affiliate, Membership } from "../affiliate.ts";
import { failuresAfter, reconnectDelay } from "../backoff.ts";
import { encodeAffiliate } from "../encode.ts";
import type { Envelope } from "../envelope.ts";
import { KnownAffiliates } from "../known-affiliates.ts";
import { limits } from "../limits.ts";
import { OwnRecord } from "../own-record.ts";
import { type Publication, sealAnnouncement, withoutOwn } from "../publication.ts";
import type { Announcement, Registry, RegistryState } from "../registry.ts";
import { nonceBytes, sealData } from "../seal.ts";
import { serviceError } from "./service-error.ts";
import { locationOf } from "./service-location.ts";
import { runSession, type SessionEvents } from "./service-session.ts";
import { pause, Wake } from "./wake.ts";
import { withdrawAffiliate } from "./withdraw.ts";

export interface ServiceRegistryOptions {
  readonly service: ServiceConfig;
  readonly cluster: ClusterIdentity;
  /** Of this node. */
  readonly nodeId: string;
  /** What it announces of its machine, so that a clone is told from it. */
  readonly origin?: Pick<Membership, "machine" | "startedAt">;
  /** What the service is told we are. */
  readonly clientVersion: string;
  readonly log: Logger;
  /** How long the service keeps what it is told, ms; it is told again after half of it. At most 30 minutes. */
  readonly ttlMs?: number;
  /** How long affiliates that a restarted service does not know yet are kept, ms. */
  readonly graceMs?: number;
}

const silence =
  "another machine with this node's identity was there first: this node is not announced any more; give it an identity " +
  "of its own: kubespan down --forget-identity";

const helloTimeoutMs = 10_000;
const snapshotTimeoutMs = 30_000;
/** Twice the longest pause between attempts to connect, and the time in which a dead connection is noticed. */
const defaultGraceMs = 90_000;

/** The other nodes as a discovery service tells them, over gRPC. It needs `start` to do anything. */
export const createServiceRegistry = (options: ServiceRegistryOptions): Registry =>
  new ServiceRegistry(options);

class ServiceRegistry implements Registry {
  readonly isSealed = true;
  readonly #options: ServiceRegistryOptions;
  readonly #log: Logger;
  readonly #known: KnownAffiliates;
  readonly #own: OwnRecord;
  #announcement: Announcement | undefined;
  #answer: NodeJS.Timeout | undefined;
  readonly #changed = new Wake();
  #publication: Publication | undefined;
  #addresses: readonly Address[] = [];
  #phase: RegistryState["phase"] = "stopped";
  #error: string | undefined;
  #reflected: Address | undefined;
  #reachedAt: Address | undefined;
  #onChange: (() => void) | undefined;
  #isToldSoon = false;
  /** Ends the session that is on, so that the next one begins. */
  #moved = new AbortController();
  #running: { readonly stop: AbortController; readonly ended: Promise<void> } | undefined;

  constructor(options: ServiceRegistryOptions) {
    this.#options = options;
    this.#log = options.log.child({ registry: options.service.name });
    const { secret } = options.cluster;
    this.#own = new OwnRecord({ key: secret, origin: options.origin ?? { machine: "", startedAt: 0 } });
    this.#known = new KnownAffiliates(secret, options.nodeId, (envelope) => this.#ownTold(envelope));
  }

  start(onChange: () => void): void {
    if (this.#running) return;
    this.#onChange = onChange;
    const stop = new AbortController();
    this.#phase = "connecting";
    this.#running = { stop, ended: this.#run(stop.signal) };
  }

  publish(announcement: Announcement): void {
    this.#announcement = announcement;
    this.#seal(announcement, this.#publication);
  }

  /** What is like in `like` keeps its bytes, and is not sent again. */
  #seal(announcement: Announcement, like: Publication | undefined): void {
    const key = this.#options.cluster.secret;
    const before = this.#publication;
    const sealed = sealAnnouncement(key, announcement, like, randomBytes);
    const next = this.#own.disowned?.isSilenced ? withoutOwn(sealed) : sealed;
    if (before && isSame(before, next)) return;
    this.#publication = next;
    for (const { data } of next.updates) if (data) this.#own.published(data);
    this.#follow(announcement.own.addresses);
    for (const text of next.leftOut) if (!before?.leftOut.includes(text)) this.#log.error(text);
    this.#changed.notify();
  }

  /** Somebody changed or deleted what this node says, or announces itself as this node: it is said again. */
  #ownTold(envelope: Envelope | undefined): void {
    const before = this.#own.disowned;
    const inMs = this.#own.told(envelope, performance.now());
    const now = this.#own.disowned;
    if (now && now.what !== before?.what) this.#log.warn(`of this node, the service tells: ${now.what}`);
    if (now?.isSilenced && !before?.isSilenced) this.#log.error(silence);
    if (now !== before) this.#tellSoon();
    if (inMs === undefined && now === before) return;
    clearTimeout(this.#answer);
    this.#answer = setTimeout(() => this.#sayAgain(), inMs ?? 0);
    this.#answer.unref();
  }

  #sayAgain(): void {
    if (this.#announcement && this.#publication)
      this.#seal(this.#announcement, withoutOwn(this.#publication));
  }

  ownNumber(): number {
    return this.#own.number;
  }

  /** A connection from an address that is gone would only be found dead after many seconds. */
  #follow(addresses: readonly Address[]): void {
    const isGone = this.#addresses.some((address) => !addresses.includes(address));
    this.#addresses = addresses;
    if (isGone) this.#moved.abort();
  }

  affiliates(): readonly Affiliate[] {
    return this.#known.affiliates();
  }

  /** Anybody who knows the cluster id may delete an affiliate there: that says nothing of the node. */
  deletedNodes(): ReadonlySet<string> {
    return new Set();
  }

  state(): RegistryState {
    const affiliates = this.#known.affiliates().length;
    const { disowned } = this.#own;
    const error =
      (disowned?.isSilenced ? silence : undefined) ?? this.#error ?? this.#publication?.leftOut[0];
    return {
      name: this.#options.service.name,
      location: locationOf(this.#options.service),
      phase: this.#phase,
      ...(error !== undefined && { error }),
      ...(this.#reflected !== undefined && { reflected: this.#reflected }),
      ...(this.#reachedAt !== undefined && { reachedAt: this.#reachedAt }),
      affiliates,
      ...(disowned && { disowned }),
      refused: this.#known.refused(),
    };
  }

  /** Stops first, so that no update of ours can overtake the farewell; `publish` and `start` begin anew. */
  async withdraw(farewell?: Affiliate): Promise<void> {
    await this.stop();
    this.#publication = undefined;
    const { service, cluster, nodeId, clientVersion } = this.#options;
    const left = farewell && sealData(cluster.secret, randomBytes(nonceBytes), encodeAffiliate(farewell));
    await withdrawAffiliate(service, { clusterId: cluster.id, affiliateId: nodeId, clientVersion }, left);
  }

  async stop(): Promise<void> {
    const running = this.#running;
    this.#onChange = undefined;
    clearTimeout(this.#answer);
    running?.stop.abort();
    await running?.ended;
    this.#running = undefined;
    this.#phase = "stopped";
  }

  /** Session after session, until stopped. Never rejects. */
  async #run(signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted; ) {
      this.#moved = new AbortController();
      const moved = this.#moved.signal;
      const workedForMs = await this.#session(AbortSignal.any([signal, moved]));
      if (signal.aborted) return;
      if (moved.aborted) continue;
      failures = failuresAfter(failures, workedForMs);
      await pause(reconnectDelay(failures, Math.random()), AbortSignal.any([signal, moved]));
    }
  }

  /** One session to its end. Gives for how long all of it had worked. */
  async #session(signal: AbortSignal): Promise<number | undefined> {
    const { service, cluster, clientVersion, ttlMs = limits.ttlMs, graceMs = defaultGraceMs } = this.#options;
    const progress = new Progress();
    const options = {
      service,
      clusterId: cluster.id,
      clientVersion,
      helloTimeoutMs,
      snapshotTimeoutMs,
      graceMs,
      ttlMs,
      known: this.#known,
      publication: () => this.#publication,
      changed: this.#changed,
      log: this.#log,
    };
    try {
      return await runSession(options, this.#events(progress), signal);
    } catch (error) {
      if (!signal.aborted) this.#failed(error);
      return progress.workedForMs();
    }
  }

  #events(progress: Progress): SessionEvents {
    return {
      onHello: (reflected, reachedAt) => {
        this.#reflected = reflected ?? this.#reflected;
        this.#reachedAt = reachedAt ?? this.#reachedAt;
        this.#tellSoon();
      },
      onAffiliates: (isSnapshot) => {
        if (isSnapshot) this.#connected();
        if (isSnapshot) progress.snapshot();
        this.#tellSoon();
      },
      onOwnUpdate: () => progress.ownUpdate(),
    };
  }

  #connected(): void {
    this.#phase = "connected";
    this.#error = undefined;
    this.#log.info({ affiliates: this.#known.affiliates().length }, "connected to the discovery service");
  }

  /** Said once, however often it is tried. */
  #failed(thrown: unknown): void {
    const error = errorText(serviceError(thrown, this.#options.service));
    if (error === this.#error) this.#log.debug(error);
    else this.#log.warn(error);
    this.#phase = "connecting";
    this.#error = error;
    this.#tellSoon();
  }

  #tellSoon(): void {
    if (this.#isToldSoon) return;
    this.#isToldSoon = true;
    setImmediate(() => {
      this.#isToldSoon = false;
      this.#onChange?.();
    });
  }
}

/** When a session had proved itself: the snapshot came and what this node says was accepted. */
class Progress {
  #hasSnapshot = false;
  #hasUpdated = false;
  #since: number | undefined;

  snapshot(): void {
    this.#hasSnapshot = true;
    this.#check();
  }

  ownUpdate(): void {
    this.#hasUpdated = true;
    this.#check();
  }

  workedForMs(): number | undefined {
    return this.#since === undefined ? undefined : performance.now() - this.#since;
  }

  #check(): void {
    if (this.#hasSnapshot && this.#hasUpdated) this.#since ??= performance.now();
  }
}

const isSame = (left: Publication, right: Publication): boolean =>
  left.updates.length === right.updates.length &&
  left.updates.every((update, index) => update === right.updates[index]);
