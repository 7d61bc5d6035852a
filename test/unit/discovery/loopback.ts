import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { credentials, Server, ServerCredentials, type ServiceError } from "@grpc/grpc-js";
import { pino } from "pino";
import { onTestFinished, vi } from "vitest";
import type { ServiceConfig } from "../../../src/config/config.ts";
import {
  createServiceRegistry,
  type ServiceRegistryOptions,
} from "../../../src/discovery/effects/service-registry.ts";
import type { Registry } from "../../../src/discovery/registry.ts";
import { type RelayServer, RelayService } from "../../../src/discovery/wire/generated/relay.ts";
import {
  ClusterClient,
  type ClusterServer,
  ClusterService,
} from "../../../src/discovery/wire/generated/server.ts";
import { fixedTls } from "../../../src/discovery-server/effects/certificates.ts";
import {
  type DiscoveryServer,
  type DiscoveryServerOptions,
  startDiscoveryServer,
} from "../../../src/discovery-server/effects/start.ts";
import { affiliateNamed, idOf, key, nameOf } from "./samples.ts";

/** Real services and clients on loopback; each ends with the test that started it. */

const silent = pino({ level: "silent" });
export const clusterId = "a cluster";

/** Waits until an assertion holds; the deadline is far beyond what a busy machine needs. */
export const until = <Result>(assertion: () => Result | Promise<Result>): Promise<Result> =>
  vi.waitFor(assertion, { timeout: 45_000, interval: 20 });

interface Tls {
  readonly cert: Buffer;
  readonly key: Buffer;
}

export async function service({
  tls,
  bounds,
  ...options
}: Partial<Omit<DiscoveryServerOptions, "tls">> & { readonly tls?: Tls } = {}): Promise<DiscoveryServer> {
  const server = await startDiscoveryServer({
    listen: { host: "127.0.0.1", port: 0 },
    log: silent,
    bounds: { rate: unlimited, addressRate: unlimited, ...bounds },
    ...(tls && { tls: fixedTls(tls) }),
    ...options,
  });
  onTestFinished(() => server.stop());
  return server;
}

const unlimited = { perSecond: 1e6, burst: 1e6 };

const credentialsOf = ({ cert, key: privateKey }: Tls): ServerCredentials =>
  ServerCredentials.createSsl(null, [{ cert_chain: cert, private_key: privateKey }]);

export const plainService = (port: number): ServiceConfig => ({
  name: "test",
  host: "127.0.0.1",
  port,
  tls: false,
});

/** The started registry of the node of that name, which, unless `publishes` is false, announces an affiliate with one endpoint. */
export function node(
  name: string,
  at: number | ServiceConfig,
  options: Partial<ServiceRegistryOptions> & { publishes?: boolean; onChange?: () => void } = {},
): Registry {
  const registry = createServiceRegistry({
    service: typeof at === "number" ? plainService(at) : at,
    cluster: { id: clusterId, secret: key },
    nodeId: idOf(name),
    clientVersion: "test",
    log: silent,
    ...options,
  });
  onTestFinished(() => registry.stop());
  if (options.publishes !== false)
    registry.publish({ own: affiliateNamed(name, "192.0.2.1:51820"), observed: new Map() });
  registry.start(options.onChange ?? (() => undefined));
  return registry;
}

/** By their names. */
export const idsOf = (registry: Registry): string[] =>
  registry
    .told()
    .affiliates.map(({ nodeId }) => nameOf(nodeId))
    .sort();

/** A client without any of our own behaviour. */
export function rawClient(port: number): ClusterClient {
  const client = new ClusterClient(`127.0.0.1:${port}`, credentials.createInsecure(), {
    "grpc.use_local_subchannel_pool": 1,
  });
  onTestFinished(() => client.close());
  return client;
}

/** One request and its answer. */
export const answer = <Response>(
  start: (done: (error: ServiceError | null, response: Response) => void) => unknown,
): Promise<Response> =>
  new Promise((resolve, reject) => {
    start((error, response) => (error ? reject(error) : resolve(response)));
  });

/** A service that answers as it is told, or not at all. */
export async function fakeService(
  handlers: Partial<ClusterServer>,
  tls?: Tls,
  relay?: RelayServer,
): Promise<number> {
  const server = new Server();
  server.addService(ClusterService, { ...handlers } as ClusterServer);
  if (relay) server.addService(RelayService, relay);
  onTestFinished(() => server.forceShutdown());
  return new Promise((resolve, reject) => {
    const access = tls ? credentialsOf(tls) : ServerCredentials.createInsecure();
    server.bindAsync("127.0.0.1:0", access, (error, port) => (error ? reject(error) : resolve(port)));
  });
}

/** Stands between client and service; while frozen it keeps connections open and passes nothing on. */
export async function freezer(target: number): Promise<{ port: number; freeze(): void; thaw(): void }> {
  const ways = new Map<Socket, Socket>();
  const server = createServer((inside) => {
    const outside = connect(target, "127.0.0.1");
    ways.set(inside, outside).set(outside, inside);
    for (const [from, to] of [
      [inside, outside],
      [outside, inside],
    ] as const) {
      from.on("error", () => to.destroy());
      from.on("close", () => to.destroy());
      from.pipe(to);
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    for (const socket of ways.keys()) socket.destroy();
  });
  return {
    port: (server.address() as AddressInfo).port,
    freeze: () => ways.forEach((_, from) => from.unpipe().pause()),
    thaw: () => ways.forEach((to, from) => from.pipe(to)),
  };
}
