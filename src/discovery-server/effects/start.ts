import { status } from "@grpc/grpc-js";
import type { Logger } from "pino";
import { errorText } from "../../base/index.ts";
import { isProxied, noProxy, type ProxyTrust } from "../client-address.ts";
import { FairRateLimit } from "../rate-limit.ts";
import type { OnChange, Store, StoreSize } from "../store.ts";
import { type Bounds, defaultBounds, defaultCapacity } from "./bounds.ts";
import { Calls } from "./calls.ts";
import { type Carried, Carriers } from "./carriers.ts";
import type { TlsSource } from "./certificates.ts";
import { Connections } from "./connections.ts";
import { startGrpcServer } from "./grpc-server.ts";
import { callerOf, clusterHandlers, type OnAnswer, type Service } from "./handlers.ts";
import { Holdings } from "./holdings.ts";
import { openMemoryStore } from "./memory-store.ts";
import { Outlet } from "./outlet.ts";
import { relayHandlers } from "./relay-handler.ts";
import { openStunService, type StunService } from "./stun-service.ts";
import { Watchers } from "./watchers.ts";

/** Some of the bounds; the others have their defaults. */
type SomeBounds = { readonly [Name in keyof Bounds]?: Partial<Bounds[Name]> };

export interface DiscoveryServerOptions {
  /** The address and the port to listen on; port 0 takes a free one. */
  readonly listen: { readonly host: string; readonly port: number };
  /** The source of certificates; absent for plaintext. */
  readonly tls?: TlsSource;
  /** The proxies in front of the service, if any. */
  readonly trust?: ProxyTrust;
  readonly log: Logger;
  readonly bounds?: SomeBounds;
  /** Opens the store; absent for a store in memory without a snapshot. */
  readonly store?: (onChange: OnChange) => Promise<Store>;
  readonly onAnswer?: OnAnswer;
  /** Whether packets are carried between the members of a cluster. */
  readonly relay?: boolean;
  /** The time over which watchers are disconnected at the end. */
  readonly drainMs?: number;
  /** Whether STUN is answered over UDP at the same port; absent for no. */
  readonly stun?: boolean;
}

/** The figures that an operator monitors. */
export interface ServiceFigures extends StoreSize {
  readonly watchers: number;
  readonly watchersCutOff: number;
  readonly connections: number;
  /** The bytes of answers that are under way and not yet read. */
  readonly unreadBytes: number;
  readonly answersCutOff: number;
  /** The number of affiliates that were deleted to make room for others. */
  readonly affiliatesCutOff: number;
  readonly changes: number;
  readonly stunAnswered: number;
  /** The number of packets at the port for STUN that were no proper requests, or too many. */
  readonly stunIgnored: number;
  /** The streams of packets, and what they have carried; absent where none is carried. */
  readonly relay?: Carried & { readonly streams: number };
}

export interface DiscoveryServer {
  readonly port: number;
  figures(): ServiceFigures;
  /** Tells whether clients should use this service: the store works, and the service is not about to end. */
  isReady(): boolean;
  /** Disconnects the watchers one after the other, lets open requests finish for a moment, and closes. */
  stop(): Promise<void>;
}

const noStun: StunService["figures"] = { stunAnswered: 0, stunIgnored: 0 };
const graceMs = 2_000;
const drainPerWatcherMs = 5;

/**
 * Starts a discovery service. Throws `KubespanError("conflict")` when the address cannot be had, and the errors of
 * opening the store.
 */
export async function startDiscoveryServer(start: DiscoveryServerOptions): Promise<DiscoveryServer> {
  const { log, trust = noProxy } = start;
  const bounds = boundsOf(start.bounds);
  const holdings = new Holdings(bounds.holdings);
  const watchers = new Watchers(bounds.watchers, (clusterId) => holdings.isEstablished(clusterId));
  const calls = new Calls(
    bounds.calls,
    (call) => watchers.keeps(call),
    (peer) => connections.refused(peer),
  );
  const outlet = new Outlet(bounds.outlet);
  const connections = new Connections(
    bounds.connections,
    (peer) => (isProxied(trust) ? undefined : callerOf(peer, {}, noProxy).holder),
    (peer) => calls.keeps(peer),
  );
  let changes = 0;
  let isStopping = false;
  let stun: StunService | undefined;
  const onChange: OnChange = (change) => {
    changes++;
    holdings.changed(change);
    watchers.tell(change.clusterId, change.change);
  };
  const carriers = new Carriers(bounds.carriers);
  const openStore =
    start.store ?? ((tell) => openMemoryStore({ capacity: defaultCapacity, log, onChange: tell }));
  const store = await openStore(onChange);
  const service: Service = {
    store,
    holdings,
    watchers,
    rateLimit: new FairRateLimit(bounds.rate, bounds.addressRate),
    trust,
    answersStun: () => stun !== undefined,
    onAnswer: (method, code, tookMs) => {
      log.debug({ method, status: status[code], ms: Math.round(tookMs * 10) / 10 }, "answered");
      start.onAnswer?.(method, code, tookMs);
    },
    onFailure: (error) => log.warn(errorText(error)),
  };
  const relayed = {
    ...service,
    carriers,
    requestMs: bounds.call.requestMs,
    onRefused: (peer: string) => connections.refused(peer),
  };
  try {
    const server = await startGrpcServer({
      listen: start.listen,
      tls: start.tls,
      handlers: clusterHandlers(service),
      streamHandlers: start.relay ? relayHandlers(relayed) : new Map(),
      callerOf: (peer, headers) => callerOf(peer, headers, trust),
      connections,
      calls,
      outlet,
      limits: bounds.call,
    });
    const listen = { host: start.listen.host, port: server.port };
    if (start.stun) stun = await openStunService({ listen, bounds: bounds.stun, log });
    return {
      port: server.port,
      figures: () => ({
        ...store.size(),
        watchers: watchers.count,
        watchersCutOff: watchers.cutOff,
        connections: connections.count,
        unreadBytes: outlet.unreadBytes,
        answersCutOff: outlet.cutOff,
        affiliatesCutOff: holdings.cutOff,
        changes,
        ...(stun?.figures ?? noStun),
        ...(start.relay && { relay: { streams: carriers.count, ...carriers.carried } }),
      }),
      isReady: () => !isStopping && store.isReady(),
      stop: async () => {
        isStopping = true;
        carriers.endAll();
        await watchers.endAll(drainPerWatcherMs, start.drainMs ?? 0);
        await stun?.close();
        await server.close(graceMs);
        await store.close();
      },
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}

const boundsOf = (some: SomeBounds = {}): Bounds => ({
  rate: { ...defaultBounds.rate, ...some.rate },
  addressRate: { ...defaultBounds.addressRate, ...some.addressRate },
  connections: { ...defaultBounds.connections, ...some.connections },
  calls: { ...defaultBounds.calls, ...some.calls },
  call: { ...defaultBounds.call, ...some.call },
  outlet: { ...defaultBounds.outlet, ...some.outlet },
  watchers: { ...defaultBounds.watchers, ...some.watchers },
  holdings: { ...defaultBounds.holdings, ...some.holdings },
  stun: { ...defaultBounds.stun, ...some.stun },
  carriers: { ...defaultBounds.carriers, ...some.carriers },
});
