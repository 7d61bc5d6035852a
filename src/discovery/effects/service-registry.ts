import { randomBytes } from "node:crypto";
import type { Logger } from "pino";
import type { KubespanError } from "../../base/index.ts";
import type { ClusterIdentity, ServiceConfig } from "../../config/index.ts";
import type { Address } from "../../net/index.ts";
import type { Affiliate, Membership } from "../affiliate.ts";
import { encodeAffiliate } from "../encode.ts";
import type { Envelope } from "../envelope.ts";
import { KnownAffiliates } from "../known-affiliates.ts";
import { limits } from "../limits.ts";
import { OwnRecord } from "../own-record.ts";
import { isSamePublication, type Publication, sealAnnouncement, withoutOwn } from "../publication.ts";
import { type Announcement, nothingTold, type Registry, type Told } from "../registry.ts";
import { nonceBytes, sealData } from "../seal.ts";
import type { RegistryKind } from "./registry-kind.ts";
import { type RegistryDriver, registryWith, type Session } from "./registry-life.ts";
import { serviceError } from "./service-error.ts";
import { locationOf } from "./service-location.ts";
import { runSession } from "./service-session.ts";
import { Wake } from "./wake.ts";
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

/** The discovery services that the configuration names. */
export const discoveryServices: RegistryKind = {
  settings: ({ services }) => services,
  open: ({ services, cluster }, node) =>
    services.map((service) => createServiceRegistry({ service, cluster, ...node })),
};

/** The other nodes as a discovery service tells them, over gRPC. It needs `start` to do anything. */
export const createServiceRegistry = (options: ServiceRegistryOptions): Registry =>
  registryWith(new ServiceDriver(options), options.log);

class ServiceDriver implements RegistryDriver {
  readonly name: string;
  readonly otherSide = "the discovery service";
  readonly #options: ServiceRegistryOptions;
  readonly #log: Logger;
  readonly #known: KnownAffiliates;
  readonly #own: OwnRecord;
  readonly #changed = new Wake();
  #announcement: Announcement | undefined;
  #publication: Publication | undefined;
  #reflected: Address | undefined;
  #answer: NodeJS.Timeout | undefined;

  constructor(options: ServiceRegistryOptions) {
    this.name = options.service.name;
    this.#options = options;
    this.#log = options.log.child({ registry: this.name });
    const { secret } = options.cluster;
    this.#own = new OwnRecord({ key: secret, origin: options.origin ?? { machine: "", startedAt: 0 } });
    this.#known = new KnownAffiliates(secret, options.nodeId, (envelope) => this.#ownTold(envelope));
  }

  location(): string {
    return locationOf(this.#options.service);
  }

  /** Anybody who knows the cluster id may delete an affiliate there: that says nothing of the node. */
  told(): Told {
    return {
      ...nothingTold,
      isSealed: true,
      affiliates: this.#known.affiliates(),
      refused: this.#known.refused(),
      ownNumber: this.#own.number,
      reflected: this.#reflected,
      disowned: this.#own.disowned,
    };
  }

  problems(): readonly string[] {
    const leftOut = this.#publication?.leftOut ?? [];
    return this.#own.disowned?.isSilenced ? [silence, ...leftOut] : leftOut;
  }

  publish(announcement: Announcement): void {
    this.#announcement = announcement;
    this.#seal(announcement, this.#publication);
  }

  /** What is like in `like` keeps its bytes, and is not sent again. */
  #seal(announcement: Announcement, like: Publication | undefined): void {
    const sealed = sealAnnouncement(this.#options.cluster.secret, announcement, like, randomBytes);
    const next = this.#own.disowned?.isSilenced ? withoutOwn(sealed) : sealed;
    if (this.#publication && isSamePublication(this.#publication, next)) return;
    this.#publication = next;
    for (const { data } of next.updates) if (data) this.#own.published(data);
    this.#changed.notify();
  }

  /** Somebody changed or deleted what this node says, or announces itself as this node: it is said again. */
  #ownTold(envelope: Envelope | undefined): void {
    const before = this.#own.disowned;
    const inMs = this.#own.told(envelope, performance.now());
    const now = this.#own.disowned;
    if (now && now.what !== before?.what) this.#log.warn(`of this node, the service tells: ${now.what}`);
    if (inMs === undefined) {
      if (now !== before) this.#sayAgain();
      return;
    }
    clearTimeout(this.#answer);
    this.#answer = setTimeout(() => this.#sayAgain(), inMs);
    this.#answer.unref();
  }

  #sayAgain(): void {
    if (this.#announcement && this.#publication)
      this.#seal(this.#announcement, withoutOwn(this.#publication));
  }

  async session(session: Session, signal: AbortSignal): Promise<never> {
    const { service, cluster, clientVersion, ttlMs = limits.ttlMs, graceMs = defaultGraceMs } = this.#options;
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
    const onHello = (reflected: Address | undefined): void => {
      this.#reflected = reflected ?? this.#reflected;
      session.changed();
    };
    const onAffiliates = (isSnapshot: boolean): void => {
      if (isSnapshot) session.connected();
      session.changed();
    };
    try {
      return await runSession(
        options,
        { onHello, onAffiliates, onOwnUpdate: () => session.announced() },
        signal,
      );
    } finally {
      clearTimeout(this.#answer); // the next session says everything again
    }
  }

  async withdraw(farewell: Affiliate | undefined): Promise<void> {
    this.#publication = undefined;
    const { service, cluster, nodeId, clientVersion } = this.#options;
    const left = farewell && sealData(cluster.secret, randomBytes(nonceBytes), encodeAffiliate(farewell));
    await withdrawAffiliate(service, { clusterId: cluster.id, affiliateId: nodeId, clientVersion }, left);
  }

  explain(thrown: unknown): KubespanError {
    return serviceError(thrown, this.#options.service);
  }
}
