import { type ChannelOptions, Server, ServerCredentials, status } from "@grpc/grpc-js";
import type { Logger } from "pino";
import { quietLibrary } from "../../discovery/effects/grpc-log.ts";
import { authorityOf } from "../../discovery/effects/service-location.ts";
import { ClusterService } from "../../discovery/wire/generated/server.ts";
import { errorText, KubespanError } from "../../system/error.ts";
import type { Capacity } from "../clusters.ts";
import { FairRateLimit, type Rate } from "../rate-limit.ts";
import type { OnChange, Store, StoreSize } from "../store.ts";
import { clusterHandlers, type OnAnswer } from "./handlers.ts";
import { openMemoryStore } from "./memory-store.ts";
import { type WatcherLimits, Watchers } from "./watchers.ts";

export interface DiscoveryServerOptions {
  /** An address, and a port; 0 takes a free one. */
  readonly listen: { readonly host: string; readonly port: number };
  /** Plaintext where there are none. */
  readonly credentials?: ServerCredentials;
  /** Believe `X-Real-IP` and `X-Forwarded-For`. */
  readonly trustProxy?: boolean;
  readonly log: Logger;
  /** Of one node. */
  readonly rate?: Rate;
  /** Of all nodes behind one address. */
  readonly addressRate?: Rate;
  readonly watchers?: Partial<WatcherLimits>;
  /** Opens the store; one in memory, without a snapshot, where none is given. */
  readonly store?: (onChange: OnChange) => Promise<Store>;
  readonly onAnswer?: OnAnswer;
  /** How long sending the watchers elsewhere may take at the end, ms. */
  readonly drainMs?: number;
}

/** What an operator watches. */
export interface ServiceFigures extends StoreSize {
  readonly watchers: number;
  readonly watchersCutOff: number;
  readonly changes: number;
}

export interface DiscoveryServer {
  readonly port: number;
  figures(): ServiceFigures;
  /** Whether clients should come here: the store works, and the service is not about to end. */
  isReady(): boolean;
  /** Sends the watchers elsewhere one after the other, lets requests under way finish for a moment, and closes. */
  stop(): Promise<void>;
}

const mebibyte = 1024 * 1024;
/** What the public service gives an address. */
const defaultRate: Rate = { perSecond: 15, burst: 60 };
/** What a thousand nodes need that come back together: three requests each, and each again when it failed. */
const defaultAddressRate: Rate = { perSecond: 300, burst: 3000 };
export const defaultCapacity: Capacity = { clusters: 16_384, bytes: 256 * mebibyte };
const defaultWatchers: WatcherLimits = {
  queued: 512,
  perCluster: 2048,
  total: 16_384,
  snapshotBytes: 128 * mebibyte,
};
const graceMs = 2_000;
const drainPerWatcherMs = 5;

const options: ChannelOptions = {
  // The largest request within the limits has 5 KB; somewhat larger ones get a proper answer.
  "grpc.max_receive_message_length": 64 * 1024,
  "grpc.max_concurrent_streams": 64,
  "grpc.keepalive_time_ms": 30_000,
  "grpc.keepalive_timeout_ms": 10_000,
  "grpc.max_connection_idle_ms": 5 * 60_000,
};

/**
 * A discovery service (reference section 4). Throws `KubespanError("conflict")` when the address cannot be had, and
 * what opening the store throws.
 */
export async function startDiscoveryServer(start: DiscoveryServerOptions): Promise<DiscoveryServer> {
  quietLibrary();
  const { log } = start;
  const watchers = new Watchers({ ...defaultWatchers, ...start.watchers });
  let changes = 0;
  let isStopping = false;
  const onChange: OnChange = ({ clusterId, change }) => {
    changes++;
    watchers.tell(clusterId, change);
  };
  const openStore =
    start.store ?? ((tell) => openMemoryStore({ capacity: defaultCapacity, log, onChange: tell }));
  const store = await openStore(onChange);
  const server = new Server(options);
  server.addService(
    ClusterService,
    clusterHandlers({
      store,
      watchers,
      rateLimit: new FairRateLimit(start.rate ?? defaultRate, start.addressRate ?? defaultAddressRate),
      trustProxy: start.trustProxy ?? false,
      onAnswer: (method, code, ms) => {
        log.debug({ method, status: status[code], ms: Math.round(ms * 10) / 10 }, "answered");
        start.onAnswer?.(method, code, ms);
      },
      onFailure: (error) => log.warn(errorText(error)),
    }),
  );
  try {
    const port = await bind(server, start);
    return {
      port,
      figures: () => ({
        ...store.size(),
        watchers: watchers.count,
        watchersCutOff: watchers.cutOff,
        changes,
      }),
      isReady: () => !isStopping && store.isReady(),
      stop: async () => {
        isStopping = true;
        await watchers.endAll(drainPerWatcherMs, start.drainMs ?? 0);
        await shutDown(server);
        await store.close();
      },
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}

function bind(server: Server, start: DiscoveryServerOptions): Promise<number> {
  const { listen, credentials = ServerCredentials.createInsecure() } = start;
  return new Promise((resolve, reject) => {
    server.bindAsync(authorityOf(listen), credentials, (error, port) => {
      if (error) reject(cannotListen(authorityOf(listen), error));
      else resolve(port);
    });
  });
}

export const cannotListen = (where: string, cause: Error): KubespanError =>
  new KubespanError("conflict", `cannot listen on ${where}: ${cause.message}`, {
    hint: "does something else use the port, and is the address one of this machine's?",
    cause,
  });

function shutDown(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const impatient = setTimeout(() => server.forceShutdown(), graceMs);
    server.tryShutdown(() => {
      clearTimeout(impatient);
      resolve();
    });
  });
}
