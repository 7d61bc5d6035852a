import { type ChannelOptions, Server, ServerCredentials, status } from "@grpc/grpc-js";
import type { Logger } from "pino";
import { KubespanError } from "../../../system/error.ts";
import { quietLibrary } from "../../effects/grpc-log.ts";
import { authorityOf } from "../../effects/service-location.ts";
import { ClusterService } from "../../wire/generated/server.ts";
import { type Capacity, Clusters } from "../clusters.ts";
import { type Rate, RateLimit } from "../rate-limit.ts";
import { ExpiryTimer } from "./expiry-timer.ts";
import { clusterHandlers } from "./handlers.ts";
import { type WatcherLimits, Watchers } from "./watchers.ts";

export interface DiscoveryServerOptions {
  /** An address, and a port; 0 takes a free one. */
  readonly listen: { readonly host: string; readonly port: number };
  /** PEM; absent for plaintext. */
  readonly tls?: { readonly cert: Buffer; readonly key: Buffer };
  /** Believe `X-Real-IP` and `X-Forwarded-For`. */
  readonly trustProxy?: boolean;
  readonly log: Logger;
  readonly rate?: Rate;
  readonly capacity?: Capacity;
  readonly watchers?: Partial<WatcherLimits>;
}

export interface DiscoveryServer {
  readonly port: number;
  /** Tells the watchers to go elsewhere, lets requests under way finish for a moment, and closes. */
  stop(): Promise<void>;
}

const mebibyte = 1024 * 1024;
const defaultRate: Rate = { perSecond: 15, burst: 60 };
const defaultCapacity: Capacity = { clusters: 16_384, bytes: 256 * mebibyte };
const defaultWatchers: WatcherLimits = {
  queued: 512,
  perCluster: 2048,
  total: 16_384,
  snapshotBytes: 128 * mebibyte,
};
const graceMs = 2_000;

const options: ChannelOptions = {
  // The largest request within the limits has 5 KB; somewhat larger ones get a proper answer.
  "grpc.max_receive_message_length": 64 * 1024,
  "grpc.max_concurrent_streams": 64,
  "grpc.keepalive_time_ms": 30_000,
  "grpc.keepalive_timeout_ms": 10_000,
  "grpc.max_connection_idle_ms": 5 * 60_000,
};

/**
 * A discovery service in memory (reference section 4). Throws `KubespanError("conflict")` when the address cannot be
 * had.
 */
export async function startDiscoveryServer(start: DiscoveryServerOptions): Promise<DiscoveryServer> {
  quietLibrary();
  const clusters = new Clusters(start.capacity ?? defaultCapacity);
  const watchers = new Watchers({ ...defaultWatchers, ...start.watchers });
  const timer = new ExpiryTimer(() => {
    const expired = clusters.expire(performance.now());
    for (const { clusterId, change } of expired) watchers.tell(clusterId, change);
    start.log.debug({ changes: expired.length }, "expired what was not renewed");
    timer.dueAt(clusters.nextExpiry);
  });
  const server = new Server(options);
  server.addService(
    ClusterService,
    clusterHandlers({
      clusters,
      watchers,
      rateLimit: new RateLimit(start.rate ?? defaultRate),
      trustProxy: start.trustProxy ?? false,
      onUpdate: () => timer.dueAt(clusters.nextExpiry),
    }),
  );
  const port = await bind(server, start);
  return {
    port,
    stop: async () => {
      timer.stop();
      watchers.endAll(status.UNAVAILABLE, "the service is stopping");
      await shutDown(server);
    },
  };
}

function bind(server: Server, { listen, tls }: DiscoveryServerOptions): Promise<number> {
  const credentials = tls
    ? ServerCredentials.createSsl(null, [{ cert_chain: tls.cert, private_key: tls.key }])
    : ServerCredentials.createInsecure();
  return new Promise((resolve, reject) => {
    server.bindAsync(authorityOf(listen), credentials, (error, port) => {
      if (error) reject(cannotListen(authorityOf(listen), error));
      else resolve(port);
    });
  });
}

const cannotListen = (where: string, cause: Error): KubespanError =>
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
