import { randomBytes } from "node:crypto";
import type { Logger } from "pino";
import type { KubespanError } from "../../base/index.ts";
import { type ClusterIdentity, proxiesKey, type ServiceConfig } from "../../config/index.ts";
import type { Address, HostPort } from "../../net/index.ts";
import type { Carriage } from "../../stream/index.ts";
import type { Affiliate, Membership } from "../affiliate.ts";
import { encodeAffiliate } from "../encode.ts";
import type { Envelope } from "../envelope.ts";
import { KnownAffiliates } from "../known-affiliates.ts";
import { limits } from "../limits.ts";
import type { Announcement, Registry } from "../registry.ts";
import { roomOf } from "../room.ts";
import { nonceBytes, sealData } from "../seal.ts";
import { secretNames, secretsOf } from "../secrets.ts";
import { nothingTold, type Told } from "../told.ts";
import { OwnPublication } from "./own-publication.ts";
import type { RegistryDriver, RegistryKind, Session } from "./registry-driver.ts";
import { registryWith } from "./registry-life.ts";
import { serviceError } from "./service-error.ts";
import { locationOf } from "./service-location.ts";
import { type Greeted, runSession } from "./service-session.ts";
import { withdrawAffiliate } from "./withdraw.ts";

export interface ServiceRegistryOptions {
  readonly service: ServiceConfig;
  readonly cluster: ClusterIdentity;
  /** The id of this node. */
  readonly nodeId: string;
  /** The facts about the machine that the node announces, by which a clone is recognized. */
  readonly origin?: Pick<Membership, "machine" | "startedAt">;
  /** The version by which this program introduces itself to the service. */
  readonly clientVersion: string;
  readonly log: Logger;
  /** The carriage for packets of this node; absent where none is wanted. */
  readonly carriage?: Carriage | undefined;
  /**
   * The time in milliseconds for which the service keeps an update, at most 30 minutes. Updates are sent again after
   * half of it.
   */
  readonly ttlMs?: number;
  /** The time in milliseconds for which affiliates that a restarted service does not know yet are kept. */
  readonly graceMs?: number;
}

const helloTimeoutMs = 10_000;
const snapshotTimeoutMs = 30_000;
/** Covers twice the longest pause between attempts to connect, and the time in which a dead connection is noticed. */
const defaultGraceMs = 90_000;

/** The discovery services that the configuration names. */
export const discoveryServices: RegistryKind = {
  settings: ({ services }) => services.map((each) => ({ ...each, proxies: proxiesKey(each.proxies) })),
  open: ({ services, cluster }, node) =>
    services.map((service) => createServiceRegistry({ service, cluster, ...node })),
};

/**
 * Makes a registry that learns of the other nodes from a discovery service, over gRPC. It does nothing before `start`.
 */
export const createServiceRegistry = (options: ServiceRegistryOptions): Registry =>
  registryWith(new ServiceDriver(options), options.log);

class ServiceDriver implements RegistryDriver {
  readonly name: string;
  readonly otherSide = "the discovery service";
  readonly #options: ServiceRegistryOptions;
  readonly #log: Logger;
  readonly #known: KnownAffiliates;
  readonly #own: OwnPublication;
  #reflected: Address | undefined;
  #reachedAt: Address | undefined;
  #stun: HostPort | undefined;

  constructor(options: ServiceRegistryOptions) {
    const { cluster, nodeId, origin = { machine: "", startedAt: 0 } } = options;
    this.name = options.service.name;
    this.#options = options;
    this.#log = options.log.child({ registry: this.name });
    const secrets = secretsOf(cluster);
    this.#own = new OwnPublication({ key: cluster.secret, secrets, origin, log: this.#log });
    const onOwn = (envelope: Envelope | undefined): void => this.#own.told(envelope);
    this.#known = new KnownAffiliates(secrets, nodeId, onOwn, secretNames(cluster));
  }

  location(): string {
    return locationOf(this.#options.service);
  }

  /**
   * Tells no deletions, since anybody who knows the cluster id may delete an affiliate there, which proves nothing
   * about the node.
   */
  told(): Told {
    const { host, port, tls } = this.#options.service;
    return {
      ...nothingTold,
      isSealed: true,
      servers: [{ host, port, tls, clients: "daemon" }],
      affiliates: this.#known.affiliates(),
      refused: this.#known.refused(),
      ownNumber: this.#own.number,
      reflected: this.#reflected,
      reachedAt: this.#reachedAt,
      disowned: this.#own.disowned,
      stun: this.#stun,
    };
  }

  problems(): readonly string[] {
    return this.#own.problems();
  }

  publish(announcement: Announcement): void {
    this.#own.publish(announcement);
  }

  async session(session: Session, signal: AbortSignal): Promise<never> {
    const { carriage, nodeId } = this.#options;
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
      publication: () => this.#own.current,
      changed: this.#own.changed,
      ...(carriage && { carried: { carriage, nodeId, room: roomOf(cluster) } }),
      log: this.#log,
    };
    const onHello = ({ reflected, reachedAt, stun }: Greeted): void => {
      this.#reflected = reflected ?? this.#reflected;
      this.#reachedAt = reachedAt ?? this.#reachedAt;
      this.#stun = stun;
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
      this.#own.pause();
    }
  }

  async withdraw(farewell: Affiliate | undefined): Promise<void> {
    this.#own.forget();
    const { service, cluster, nodeId, clientVersion } = this.#options;
    const left = farewell && sealData(cluster.secret, randomBytes(nonceBytes), encodeAffiliate(farewell));
    await withdrawAffiliate(service, { clusterId: cluster.id, affiliateId: nodeId, clientVersion }, left);
  }

  async takeOut(affiliateId: string): Promise<void> {
    const { service, cluster, clientVersion } = this.#options;
    await withdrawAffiliate(service, { clusterId: cluster.id, affiliateId, clientVersion });
  }

  explain(thrown: unknown): KubespanError {
    return serviceError(thrown, this.#options.service);
  }
}
