import { createSecureContext } from "node:tls";
import { type Command, Option } from "commander";
import type { LogLevel } from "../config/config.ts";
import { startDiscoveryServer } from "../discovery/server/effects/start.ts";
import { parseAddress } from "../net/index.ts";
import { KubespanError } from "../system/error.ts";
import { createLogger } from "../system/log.ts";
import { readTextFile } from "../system/read-file.ts";

interface ServeOptions {
  readonly listen: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly insecure?: true;
  readonly trustProxy?: true;
  readonly logLevel: LogLevel;
  readonly logFormat: "json" | "text";
}

export function registerDiscoveryServe(program: Command): void {
  program
    .command("discovery")
    .description("the service through which the nodes of a cluster find each other")
    .command("serve")
    .description("run a discovery service; it keeps everything in memory and can read none of it")
    .requiredOption("--listen <address:port>", "where to answer, such as 0.0.0.0:3000 or [::]:3000")
    .option("--tls-cert <file>", "certificate chain in PEM")
    .option("--tls-key <file>", "private key in PEM")
    .addOption(new Option("--insecure", "serve without TLS").conflicts(["tlsCert", "tlsKey"]))
    .option("--trust-proxy", "believe X-Real-IP and X-Forwarded-For: only behind a proxy that sets them")
    .addOption(
      new Option("--log-level <level>", "what to log")
        .choices(["fatal", "error", "warn", "info", "debug", "trace"])
        .default("info"),
    )
    .addOption(new Option("--log-format <format>", "how").choices(["json", "text"]).default("text"))
    .action(serve);
}

async function serve(options: ServeOptions): Promise<void> {
  const listen = parseListen(options.listen);
  const tls = await keyPair(options);
  const log = createLogger({ level: options.logLevel, format: options.logFormat });
  const asked = stopAsked();
  const trustProxy = options.trustProxy ?? false;
  const server = await startDiscoveryServer({ listen, log, trustProxy, ...(tls && { tls }) });
  const host = listen.host.includes(":") ? `[${listen.host}]` : listen.host;
  log.info({ address: `${host}:${server.port}`, tls: tls !== undefined }, "discovery service listening");
  log.info({ signal: await asked }, "stopping");
  await server.stop();
}

/** The first signal that asks us to end; a second one ends the process at once, as usual. */
const stopAsked = (): Promise<NodeJS.Signals> =>
  new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => resolve(signal));
  });

function parseListen(text: string): { host: string; port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  const host = parseAddress(match?.[1] ?? match?.[2] ?? "");
  const port = Number(match?.[3]);
  if (host !== undefined && port <= 65535) return { host, port };
  throw new KubespanError("usage", `--listen ${text}: not an address and a port`, {
    hint: "such as 0.0.0.0:3000 for all IPv4 addresses, [::]:3000 for all addresses",
  });
}

/** `undefined` where plaintext was asked for in so many words. */
async function keyPair(options: ServeOptions): Promise<{ cert: Buffer; key: Buffer } | undefined> {
  if (options.insecure) return undefined;
  if (options.tlsCert === undefined || options.tlsKey === undefined)
    throw new KubespanError("usage", "a discovery service needs a certificate", {
      hint: "give --tls-cert and --tls-key, or --insecure to serve without TLS",
    });
  const pair = { cert: await pemFile(options.tlsCert), key: await pemFile(options.tlsKey) };
  try {
    createSecureContext(pair);
  } catch (error) {
    throw new KubespanError("config", `${options.tlsCert} and ${options.tlsKey} do not work for TLS`, {
      hint: `they must be a certificate and its own unencrypted key in PEM (${error instanceof Error ? error.message : ""})`,
      cause: error,
    });
  }
  return pair;
}

async function pemFile(path: string): Promise<Buffer> {
  const hint = "give a PEM file that this user may read";
  const file = await readTextFile(path, { largest: 1024 * 1024, code: "config", hint });
  if (!file) throw new KubespanError("config", `${path} does not exist`, { hint });
  return Buffer.from(file.text);
}
