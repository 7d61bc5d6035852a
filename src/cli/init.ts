import { randomBytes } from "node:crypto";
import { type Command, InvalidArgumentError } from "commander";
import { KubespanError, Secret } from "../base/index.ts";
import { loadConfig } from "../config/effects/index.ts";
import { parseServiceURL } from "../config/index.ts";
import { type HostPort, isPrivate, parseAddress, parseHostPort, parsePort } from "../net/index.ts";
import { complain, print } from "../system/index.ts";
import { exampleText } from "./examples.ts";
import { defaultConfigFile, secondsWithin } from "./options.ts";

interface Options {
  readonly config: string;
  readonly discovery?: true;
  readonly service?: readonly string[];
  readonly address?: string;
  readonly port: number;
  readonly start: boolean;
  readonly wait: number;
  readonly force?: true;
}

/** The usual longest wait for what was started, in seconds. */
export const usualWait = 60;

export function registerInit(program: Command): void {
  program
    .command("init")
    .description("begin a mesh on the first node")
    .option("-c, --config <file>", "configuration file to write", defaultConfigFile)
    .option("--discovery", "run a discovery service on this node")
    .option("--service <url...>", "URLs of discovery services that run elsewhere", serviceFrom)
    .option("--address <address>", "address or name at which others reach this node", hostFrom)
    .option("--port <port>", "TCP port of the discovery service", portFrom, 3000)
    .option("--no-start", "start nothing, print the commands instead")
    .option(
      "--wait <seconds>",
      "longest wait for that service, 0 for none",
      secondsWithin(0, 3600),
      usualWait,
    )
    .option("--force", "replace an existing configuration, and lose the secret")
    .addHelpText(
      "after",
      [
        "\nWrites the configuration with a new secret, starts the services where systemd",
        "has them, waits until the discovery service that it started answers, and prints",
        "what to do on the other nodes.",
        exampleText("init"),
      ].join("\n"),
    )
    .action(init);
}

async function init(options: Options): Promise<void> {
  const { config: configFile, force = false } = options;
  const services = (options.service ?? []).map((url) => ({ url, isOurs: false }));
  if (!options.discovery && services.length === 0)
    throw new KubespanError("usage", "the nodes need a discovery service to find each other", {
      hint: "run one on this node with --discovery, or name one that runs elsewhere with --service",
    });
  const { heldToken, prepare, setUp, startNode } = await import("../joining/effects/index.ts");
  await prepare(configFile, force);
  const own = options.discovery ? await ownService(options) : undefined;
  const written = await setUp({
    configFile,
    force,
    services,
    ...(own && { own, authority: own.authority }),
  });
  for (const path of written) print(`wrote ${path}\n`);
  const { sayHowToStart } = await import("./start-text.ts");
  const start = await startNode(configFile, own?.at, options.start);
  sayHowToStart(start);
  if (own && "started" in start) {
    const { awaitOwnService } = await import("./own-service.ts");
    await awaitOwnService({ port: own.at.port, authority: own.authority, seconds: options.wait });
  }
  if (own) sayWhere(own.at, options.address !== undefined);
  const { encodeToken, joinText } = await import("../joining/index.ts");
  const { token } = await heldToken((await loadConfig(configFile)).config);
  print(`\nOn each other node, run this and paste the token, which holds the secret:\n\n`);
  print(joinText(encodeToken(token)));
  if (own)
    print(
      "\nThis token names the discovery service of this node alone. Let other control\n" +
        "planes run one as well ('kubespan token --discovery' here, and there 'kubespan\n" +
        "join --discovery'): then 'kubespan token' names all of them.\n",
    );
}

interface OwnService {
  readonly at: HostPort;
  readonly authorityKey: Secret;
  /** The certificate of the new authority, in PEM. */
  readonly authority: string;
}

async function ownService({ address, port }: Options): Promise<OwnService> {
  const { ownAddress } = await import("../joining/effects/index.ts");
  const { openAuthority } = await import("../authority/index.ts");
  const at = { host: address ?? (await ownAddress()), port };
  const authorityKey = new Secret(randomBytes(32));
  return { at, authorityKey, authority: (await openAuthority(authorityKey)).certificate };
}

/** Warns of an address that may mean nothing to nodes elsewhere. */
function sayWhere({ host, port }: HostPort, isGiven: boolean): void {
  print(`Other nodes have to reach it at TCP port ${port} of ${host},\nand this node at UDP port 51820.\n`);
  const address = parseAddress(host);
  if (!isGiven && address !== undefined && isPrivate(address))
    complain(`warning: ${host} is a private address: nodes on other networks need another one (--address)\n`);
}

function serviceFrom(text: string, before: readonly string[] = []): readonly string[] {
  if (parseServiceURL(text)) return [...before, text];
  throw new InvalidArgumentError("It is not the URL of a discovery service, https://host[:port]/.");
}

/** An address, or a host name, without a port. */
export function hostFrom(text: string): string {
  const host = parseAddress(text) ?? parseHostPort(`${text}:1`)?.host;
  if (host !== undefined) return host;
  throw new InvalidArgumentError("It is not an address or a host name.");
}

export function portFrom(text: string): number {
  const port = parsePort(text);
  if (port !== undefined) return port;
  throw new InvalidArgumentError("It is not a port, 1 to 65535.");
}
