import { type Command, Option } from "commander";
import { KubespanError } from "../base/index.ts";
import { loadConfig } from "../config/effects/index.ts";
import type { Token } from "../joining/index.ts";
import type { HostPort } from "../net/index.ts";
import { complain, print } from "../system/index.ts";
import { exampleText } from "./examples.ts";
import { hostFrom, portFrom, usualWait } from "./init.ts";
import { defaultConfigFile, secondsWithin } from "./options.ts";

interface Options {
  readonly config: string;
  readonly tokenFile?: string;
  readonly discovery?: true;
  readonly address?: string;
  readonly port: number;
  readonly start: boolean;
  readonly wait?: number;
  readonly force?: true;
}

/** The exit code of a node that has joined, but does not reach all others yet. */
export const notUpExitCode = 15;

export function registerJoin(program: Command): void {
  program
    .command("join")
    .description("join a mesh with a token of another node")
    .addOption(new Option("-c, --config <file>", "configuration file to write").default(defaultConfigFile))
    .option("--token-file <file>", "file that holds the token")
    .option("--discovery", "run a discovery service on this node, too")
    .option("--address <address>", "address or name at which others reach this node", hostFrom)
    .option("--port <port>", "TCP port of the discovery service here", portFrom, 3000)
    .option("--no-start", "start nothing, print the commands instead")
    .option("--wait <seconds>", "longest wait for all peers to be up, 0 for none", secondsWithin(0, 3600))
    .option("--force", "replace an existing configuration, and lose the secret")
    .allowExcessArguments()
    .addHelpText(
      "after",
      [
        "\nThe token is read from --token-file, or from KUBESPAN_TOKEN in the environment,",
        "or from standard input: typed, pasted or piped. It is refused on the command",
        "line. The node first looks whether it can reach the discovery services, and at",
        "its clock. Then it writes the configuration, starts the service, and waits until",
        `all peers are up, ${usualWait} s at most (exit code ${notUpExitCode} if they are not). Where nothing was`,
        "started, it waits only if --wait asks for it.",
        exampleText("join"),
      ].join("\n"),
    )
    .action(join);
}

async function join(options: Options, { args }: Command): Promise<void> {
  if (args.length > 0)
    throw new KubespanError(
      "usage",
      "a token on the command line can be seen by every user of this machine, and stays in the shell's history",
      { hint: "run 'kubespan join' and paste it; if others use this machine, it is no secret any more" },
    );
  const { config: configFile, force = false } = options;
  const { prepare, readToken, setUp, startNode } = await import("../joining/effects/index.ts");
  await prepare(configFile, force);
  const token = await readToken(options.tokenFile);
  if (options.discovery && token.authorityKey === undefined)
    throw new KubespanError("usage", "this token does not let a node run a discovery service", {
      hint: "make one with 'kubespan token --discovery' on a node that runs one",
    });
  const { checkBefore } = await import("./join-checks.ts");
  const { authority, others } = await checkBefore(token);
  const own = options.discovery ? await ownService(token, options) : undefined;
  const { id, secret } = token.cluster;
  const written = await setUp({
    configFile,
    force,
    cluster: { id, secret: secret.revealBase64() },
    services: token.services,
    ...(authority !== undefined && { authority }),
    ...(token.operatorKeys && { operatorKeys: token.operatorKeys }),
    ...(own && { own }),
  });
  for (const path of written) print(`wrote ${path}\n`);
  const start = await startNode(configFile, own?.at, options.start);
  const { sayHowToStart } = await import("./start-text.ts");
  sayHowToStart(start);
  const seconds = options.wait ?? ("started" in start ? usualWait : 0);
  if (own && authority !== undefined && "started" in start) {
    const { awaitOwnService } = await import("./own-service.ts");
    await awaitOwnService({ port: own.at.port, authority, seconds });
  }
  await waitIfWanted(configFile, others, seconds);
}

async function ownService({ authorityKey }: Token, { address, port }: Options) {
  const { ownAddress } = await import("../joining/effects/index.ts");
  const at: HostPort = { host: address ?? (await ownAddress()), port };
  return authorityKey && { at, authorityKey };
}

async function waitIfWanted(configFile: string, others: readonly string[], seconds: number): Promise<void> {
  if (seconds === 0) return;
  const { runDirectory } = (await loadConfig(configFile)).config;
  const { waitForPeers } = await import("../joining/effects/index.ts");
  if (await waitForPeers({ runDirectory, others, seconds, onProgress: say })) return;
  complain(`kubespan: not all peers were up within ${seconds} s; see: kubespan status, kubespan doctor\n`);
  process.exitCode = notUpExitCode;
}

const say = (text: string): void => print(`${text}\n`);
