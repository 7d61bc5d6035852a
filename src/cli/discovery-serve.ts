import { type Command, InvalidArgumentError, Option } from "commander";
import type { Logger } from "pino";
import { errorText, KubespanError } from "../base/index.ts";
import type { LogLevel } from "../config/index.ts";
import type {
  Certificates,
  DiscoveryServer,
  OnAnswer,
  Operations,
} from "../discovery-server/effects/index.ts";
import { parseAddress } from "../net/index.ts";
import { confine, createLogger, run, ServiceManager } from "../system/index.ts";
import type { StoreOptions } from "./discovery-store.ts";

interface Listen {
  readonly host: string;
  readonly port: number;
}

interface ServeOptions extends StoreOptions {
  readonly listen: Listen;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tlsClientCa?: string;
  readonly insecure?: true;
  /** Proxies in front. */
  readonly trustProxy?: number;
  readonly trustRealIp?: true;
  readonly metricsListen?: Listen;
  readonly drain: number;
  readonly logLevel: LogLevel;
  readonly logFormat: "json" | "text";
}

export function registerDiscoveryServe(program: Command): void {
  program
    .command("discovery")
    .description("the service through which the nodes of a cluster find each other")
    .command("serve")
    .description("run a discovery service; it cannot read what the nodes tell each other")
    .requiredOption("--listen <address:port>", "where to answer: 0.0.0.0:3000 or [::]:3000, say", listenFrom)
    .option("--tls-cert <file>", "certificate chain in PEM; read again when it changes, and on SIGHUP")
    .option("--tls-key <file>", "private key in PEM")
    .option("--tls-client-ca <file>", "let in only clients with a certificate of these authorities (PEM)")
    .addOption(new Option("--insecure", "serve without TLS").conflicts(["tlsCert", "tlsKey", "tlsClientCa"]))
    .addOption(
      new Option(
        "--trust-proxy [hops]",
        "believe X-Forwarded-For as far as this many proxies in front wrote it (1): each appends an entry",
      )
        .argParser(hopsFrom)
        .preset("1"),
    )
    .option("--trust-real-ip", "believe X-Real-IP: only behind a proxy that replaces what clients send")
    .option("--snapshot <file>", "keep a copy of what is in memory, for the next start")
    .option("--snapshot-every <seconds>", "how often", secondsFrom, 60)
    .addOption(
      new Option(
        "--etcd <urls>",
        "keep everything in etcd, for several services behind one name (comma-separated)",
      ).conflicts(["snapshot"]),
    )
    .option("--etcd-ca <file>", "with https: the authorities to trust for etcd, in PEM")
    .option("--etcd-cert <file>", "with https: our certificate for etcd")
    .option("--etcd-key <file>", "and its key")
    .option("--etcd-prefix <text>", "what all keys in etcd begin with", "/kubespan/discovery/")
    .option(
      "--etcd-compact-every <seconds>",
      "throw away etcd's history that is older than this; 0 leaves it to etcd or its other users",
      secondsFrom,
      300,
    )
    .option("--metrics-listen <address:port>", "answer /metrics, /healthz and /readyz over HTTP", listenFrom)
    .option(
      "--drain <seconds>",
      "at the end, spread sending the watchers elsewhere over this time",
      secondsFrom,
      10,
    )
    .addOption(
      new Option("--log-level <level>", "what to log")
        .choices(["fatal", "error", "warn", "info", "debug", "trace"])
        .default("info"),
    )
    .addOption(new Option("--log-format <format>", "how").choices(["json", "text"]).default("text"))
    .action(serve);
}

async function serve(options: ServeOptions): Promise<void> {
  const { startDiscoveryServer } = await import("../discovery-server/effects/index.ts");
  const { openStore } = await import("./discovery-store.ts");
  const log = createLogger({ level: options.logLevel, format: options.logFormat });
  for (const warning of confine()) log.warn(warning);
  const certificates = await certificatesOf(options, log);
  const asked = stopAsked();
  const manager = new ServiceManager({
    environment: process.env,
    run,
    clock: () => Date.now(),
    onError: (error) => log.warn(`systemd was not told how the service is: ${errorText(error)}`),
  });
  let endBeat: (() => void) | undefined;
  let onAnswer: OnAnswer | undefined;
  const server = await startDiscoveryServer({
    listen: options.listen,
    log,
    trust: { hops: options.trustProxy ?? 0, realIp: options.trustRealIp ?? false },
    store: (onChange) => openStore(options, log, onChange),
    drainMs: options.drain * 1000,
    onAnswer: (...answer) => onAnswer?.(...answer),
    ...(certificates && { tls: certificates.tls }),
  });
  const reload = (): void => void certificates?.reload();
  process.on("SIGHUP", reload);
  let operations: Operations | undefined;
  try {
    if (options.metricsListen) ({ operations, onAnswer } = await operate(options.metricsListen, server));
    const address = textOf({ host: options.listen.host, port: server.port });
    const metrics = operations && textOf({ host: options.metricsListen?.host ?? "", port: operations.port });
    log.info(
      { address, tls: certificates !== undefined, ...(metrics !== undefined && { metrics }) },
      "discovery service listening",
    );
    const summary = (): string => `${server.figures().watchers} watchers; on ${address}`;
    manager.ready(summary());
    endBeat = manager.beat(summary);
    log.info({ signal: await asked, watchers: server.figures().watchers }, "stopping");
  } finally {
    endBeat?.();
    await manager.stopping();
    process.off("SIGHUP", reload);
    certificates?.close();
    await server.stop();
    await operations?.close(); // last, so that whoever asks meanwhile hears that it is not ready
  }
}

/** Loaded only where somebody wants it. */
async function operate(
  listen: Listen,
  server: DiscoveryServer,
): Promise<{ operations: Operations; onAnswer: OnAnswer }> {
  const { createMetrics, serveOperations } = await import("../discovery-server/effects/index.ts").then(
    ({ loadOperations }) => loadOperations(),
  );
  const metrics = createMetrics(() => server.figures());
  const operations = await serveOperations(listen, metrics, () => server.isReady());
  return { operations, onAnswer: metrics.onAnswer };
}

/** The first signal that asks us to end; a second one ends the process at once, as usual. */
const stopAsked = (): Promise<NodeJS.Signals> =>
  new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => resolve(signal));
  });

function listenFrom(text: string): Listen {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  const host = parseAddress(match?.[1] ?? match?.[2] ?? "");
  const port = Number(match?.[3]);
  if (host !== undefined && port <= 65535) return { host, port };
  throw new InvalidArgumentError(
    "It is not an address and a port, such as 0.0.0.0:3000 for all IPv4 addresses, [::]:3000 for all addresses.",
  );
}

const textOf = ({ host, port }: Listen): string => `${host.includes(":") ? `[${host}]` : host}:${port}`;

const mostHops = 16;

function hopsFrom(text: string): number {
  const hops = /^\d{1,2}$/.test(text) ? Number(text) : 0;
  if (hops >= 1 && hops <= mostHops) return hops;
  throw new InvalidArgumentError(`It is not a number of proxies, 1 to ${mostHops}.`);
}

const mostSeconds = 24 * 3600;

function secondsFrom(text: string): number {
  const seconds = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
  if (seconds <= mostSeconds) return seconds;
  throw new InvalidArgumentError("It is not a number of seconds up to a day.");
}

/** `undefined` where plaintext was asked for in so many words. */
async function certificatesOf(options: ServeOptions, log: Logger): Promise<Certificates | undefined> {
  const { tlsCert: cert, tlsKey: key, tlsClientCa: clientAuthorities } = options;
  if (options.insecure) return undefined;
  if (cert === undefined || key === undefined)
    throw new KubespanError("usage", "a discovery service needs a certificate", {
      hint: "give --tls-cert and --tls-key, or --insecure to serve without TLS",
    });
  const { openCertificates } = await import("../discovery-server/effects/index.ts");
  return openCertificates({ cert, key, ...(clientAuthorities !== undefined && { clientAuthorities }) }, log);
}
