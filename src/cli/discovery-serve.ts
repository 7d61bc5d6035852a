import { type Command, InvalidArgumentError, Option } from "commander";
import type { Logger } from "pino";
import { KubespanError } from "../base/index.ts";
import type { LogLevel } from "../config/index.ts";
import type {
  Certificates,
  DiscoveryServer,
  OnAnswer,
  Operations,
} from "../discovery-server/effects/index.ts";
import { hostPortText, parseAddress, parseAddressPort, parseHostPort } from "../net/index.ts";
import { confine, createLogger, serviceManager } from "../system/index.ts";
import type { StoreOptions } from "./discovery-store.ts";
import { exampleText } from "./examples.ts";
import { groupHelp } from "./help.ts";
import { secondsWithin, wholeNumber } from "./options.ts";

interface Listen {
  readonly host: string;
  readonly port: number;
}

interface ServeOptions extends StoreOptions {
  readonly listen: Listen;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tlsClientCa?: string;
  readonly authority?: string;
  readonly name?: readonly string[];
  readonly insecure?: true;
  /** The number of trusted proxies in front of the service. */
  readonly trustProxy?: number;
  readonly trustRealIp?: true;
  readonly relay?: true;
  readonly metricsListen?: Listen;
  readonly drain: number;
  readonly stun: boolean;
  readonly logLevel: LogLevel;
  readonly logFormat: "json" | "text";
}

export function registerDiscoveryServe(program: Command): void {
  program
    .command("discovery")
    .description("run the service by which nodes find each other")
    .helpCommand(...groupHelp)
    .command("serve")
    .description("run a discovery service, which cannot read what nodes say")
    .requiredOption("--listen <address:port>", "address to serve, such as 0.0.0.0:3000", listenFrom)
    .option("--tls-cert <file>", "PEM certificate chain, reread on change")
    .option("--tls-key <file>", "PEM private key of the certificate")
    .option("--tls-client-ca <file>", "accept only clients certified by these CAs")
    .addOption(
      new Option("--authority <file>", "key with which to issue a certificate").conflicts([
        "tlsCert",
        "tlsKey",
      ]),
    )
    .option("--name <name...>", "more names and addresses to certify", nameFrom)
    .addOption(
      new Option("--insecure", "serve without TLS, in plaintext").conflicts([
        "tlsCert",
        "tlsKey",
        "tlsClientCa",
        "authority",
      ]),
    )
    .addOption(
      new Option("--trust-proxy [hops]", "trust X-Forwarded-For of this many proxies")
        .argParser(wholeNumber(1, 16, "proxies"))
        .preset("1"),
    )
    .option("--trust-real-ip", "trust X-Real-IP, which a proxy must replace")
    .option("--relay", "carry packets of nodes that have no UDP")
    .option("--snapshot <file>", "keep a copy of the memory for a restart")
    .option("--snapshot-every <seconds>", "seconds between two snapshots", secondsWithin(0, 24 * 3600), 60)
    .addOption(
      new Option("--etcd <urls>", "keep everything in etcd (URLs with commas)").conflicts(["snapshot"]),
    )
    .option("--etcd-ca <file>", "PEM authorities to trust for etcd")
    .option("--etcd-cert <file>", "PEM client certificate for etcd")
    .option("--etcd-key <file>", "PEM private key for the etcd certificate")
    .option("--etcd-prefix <text>", "prefix of all keys in etcd", "/kubespan/discovery/")
    .option(
      "--etcd-compact-every <seconds>",
      "compact older history of etcd, 0 for never",
      secondsWithin(0, 24 * 3600),
      300,
    )
    .option("--metrics-listen <address:port>", "serve /metrics, /healthz, /readyz over HTTP", listenFrom)
    .option("--no-stun", "do not answer STUN (UDP) for nodes behind NAT")
    .option("--drain <seconds>", "disconnect watchers gradually on SIGTERM", secondsWithin(0, 24 * 3600), 10)
    .addOption(
      new Option("--log-level <level>", "severity from which on messages are logged")
        .choices(["fatal", "error", "warn", "info", "debug", "trace"])
        .default("info"),
    )
    .addOption(
      new Option("--log-format <format>", "format of the log messages")
        .choices(["json", "text"])
        .default("text"),
    )
    .addHelpText("after", exampleText("discovery serve"))
    .action(serve);
}

async function serve(options: ServeOptions): Promise<void> {
  const { startDiscoveryServer } = await import("../discovery-server/effects/index.ts");
  const { openStore } = await import("./discovery-store.ts");
  const log = createLogger({ level: options.logLevel, format: options.logFormat });
  for (const warning of confine()) log.warn(warning);
  const certificates = await certificatesOf(options, log);
  const asked = stopAsked();
  const manager = serviceManager(log);
  let endBeat: (() => void) | undefined;
  let onAnswer: OnAnswer | undefined;
  const server = await startDiscoveryServer({
    listen: options.listen,
    log,
    trust: { hops: options.trustProxy ?? 0, realIp: options.trustRealIp ?? false },
    store: (onChange) => openStore(options, log, onChange),
    drainMs: options.drain * 1000,
    stun: options.stun,
    relay: options.relay === true,
    onAnswer: (...answer) => onAnswer?.(...answer),
    ...(certificates && { tls: certificates.tls }),
  });
  const reload = (): void => void certificates?.reload();
  process.on("SIGHUP", reload);
  let operations: Operations | undefined;
  try {
    if (options.metricsListen) ({ operations, onAnswer } = await operate(options.metricsListen, server));
    const address = hostPortText({ host: options.listen.host, port: server.port });
    const metrics =
      operations && hostPortText({ host: options.metricsListen?.host ?? "", port: operations.port });
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
    await operations?.close(); // closed last, so that /readyz says meanwhile that the service is not ready
  }
}

/** Metrics bring a library with them, which is loaded only where metrics are asked for. */
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

/** The first signal that asks the service to end. A second one ends the process at once, as Node does by default. */
const stopAsked = (): Promise<NodeJS.Signals> =>
  new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => resolve(signal));
  });

function listenFrom(text: string): Listen {
  const listen = parseAddressPort(text, 0); // 0: one that the kernel chooses
  if (listen) return listen;
  throw new InvalidArgumentError(
    "It is not an address and a port, such as 0.0.0.0:3000 for all IPv4 addresses, [::]:3000 for all addresses.",
  );
}

function nameFrom(text: string, before: readonly string[] = []): readonly string[] {
  const name = parseAddress(text) ?? parseHostPort(text, 1)?.host;
  if (name !== undefined && !/:\d*$/.test(text.replace(name, ""))) return [...before, name];
  throw new InvalidArgumentError("It is not a host name or an address.");
}

/** The certificates; `undefined` only where --insecure asks for plaintext. */
async function certificatesOf(options: ServeOptions, log: Logger): Promise<Certificates | undefined> {
  const { tlsCert: cert, tlsKey: key, tlsClientCa: clientAuthorities, authority: file } = options;
  if (options.insecure) return undefined;
  if (file !== undefined) {
    const { loadIssuedCertificates } = await import("../discovery-server/effects/index.ts");
    const { issueCertificates } = await loadIssuedCertificates();
    return issueCertificates({ file, names: options.name ?? [], log });
  }
  if (cert === undefined || key === undefined)
    throw new KubespanError("usage", "a discovery service needs a certificate", {
      hint: "give --tls-cert and --tls-key, --authority, or --insecure to serve without TLS",
    });
  const { openCertificates } = await import("../discovery-server/effects/index.ts");
  return openCertificates({ cert, key, ...(clientAuthorities !== undefined && { clientAuthorities }) }, log);
}
