import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import type { Command } from "commander";
import { KubespanError } from "../base/index.ts";
import { loadConfig } from "../config/effects/index.ts";
import { generateConfig, type KubespanSettings, parseConfig, parseServiceURL } from "../config/index.ts";
import { decodeKey } from "../identity/index.ts";
import { hostPortText } from "../net/index.ts";
import {
  complain,
  createAtomically,
  errnoOf,
  print,
  readTextFile,
  writeAtomically,
} from "../system/index.ts";
import { exampleText } from "./examples.ts";
import { registerGenOperatorKey } from "./gen-operator-key.ts";
import { groupHelp } from "./help.ts";
import { defaultConfigFile } from "./options.ts";

interface Options {
  readonly output: string;
  readonly service?: string;
  readonly clusterId?: string;
  readonly clusterSecretFile?: string;
  readonly fromTalos?: string;
  readonly force?: true;
}

/** `kubespan gen config` makes a new configuration file. */
export function registerGenConfig(program: Command): void {
  const gen = program
    .command("gen")
    .description("make the files that kubespan needs")
    .helpCommand(...groupHelp);
  gen
    .command("config")
    .description("make a configuration for a new or existing cluster")
    .option("-o, --output <file>", "file to write, or - for standard output", defaultConfigFile)
    .option("--service <url>", "URL of a discovery service: https://host[:port]/")
    .option("--cluster-id <id>", "id of an existing cluster to join")
    .option("--cluster-secret-file <file>", "file with the secret of an existing cluster")
    .option("--from-talos <file>", "Talos machine configuration of a cluster to join")
    .option("--force", "replace an existing output file")
    .addHelpText("after", exampleText("gen config"))
    .action(genConfig);
  registerGenOperatorKey(gen);
}

async function genConfig(options: Options): Promise<void> {
  const talos = options.fromTalos === undefined ? undefined : await talosOf(options.fromTalos);
  const cluster = (await clusterOf(options)) ?? talos?.cluster;
  const service = options.service ?? talos?.service;
  if (options.service !== undefined && parseServiceURL(options.service) === undefined)
    throw new KubespanError("usage", "--service is not the URL of a discovery service", {
      hint: "expected https://host[:port]/ or grpc://host[:port] for TLS, or http://host[:port]/ for plaintext",
    });
  const text = generateConfig({
    random: randomBytes,
    ...(service === undefined ? {} : { services: [{ name: "primary", url: service }] }),
    ...(cluster === undefined ? {} : { cluster }),
    ...(talos && { settings: talos.settings, enabled: talos.settings.enabled }),
  });
  parseConfig(text, options.output); // a file that 'validate' refuses is never handed out
  if (options.output === "-") print(text);
  else await writeConfig(options, text);
  if (service === undefined)
    complain("The mesh is disabled in this file: set a discovery service, then 'enabled: true'.\n");
}

/** Holds the secret of the cluster, in whosever folder it is written. */
const kept = { mode: 0o600, owner: "writer" } as const;

async function writeConfig({ output, force }: Options, text: string): Promise<void> {
  await mkdir(dirname(output), { recursive: true, mode: 0o755 }).catch((error: unknown) => {
    throw cannotWrite(output, error);
  });
  if (force) await writeAtomically(output, text, kept);
  else if (!(await createAtomically(output, text, kept)))
    throw new KubespanError("conflict", `${output} exists already`, {
      hint: "its secret may be in use; choose another --output, or replace it with --force",
    });
  complain(`Wrote ${output}. All nodes of the cluster need its clusterID and clusterSecret.\n`);
}

/** What a machine configuration of Talos says of the mesh, or the documents beside it. */
async function talosOf(path: string): Promise<FromTalos> {
  const { config, warnings } = await loadConfig(path);
  for (const warning of warnings) complain(`warning: ${warning}\n`);
  const { id, secret } = config.cluster;
  const [service, ...more] = config.services;
  for (const { name } of more)
    complain(
      `warning: discovery service ${name} is left out; add its DiscoveryServiceConfig to the new file\n`,
    );
  const { host, port, tls } = service ?? {};
  const url =
    host === undefined
      ? undefined
      : `${tls ? "https" : "http"}://${hostPortText({ host, port: port ?? 443 })}/`;
  return {
    cluster: { id, secret: secret.revealBase64() },
    ...(url !== undefined && { service: url }),
    settings: config,
  };
}

interface FromTalos {
  readonly cluster: { readonly id: string; readonly secret: string };
  /** The first discovery service's URL. */
  readonly service?: string;
  readonly settings: KubespanSettings & { readonly enabled: boolean };
}

const cannotWrite = (output: string, cause: unknown): KubespanError => {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return errnoOf(cause) === "EACCES"
    ? new KubespanError("privilege", `the folder of ${output} is not this user's to make`, {
        hint: "run this as root, or choose another --output",
        cause,
      })
    : new KubespanError("usage", `the folder of ${output} cannot be made: ${reason}`, { cause });
};

async function clusterOf(options: Options): Promise<{ id: string; secret: string } | undefined> {
  const { clusterId: id, clusterSecretFile: file } = options;
  if (id === undefined && file === undefined) return undefined;
  if (options.fromTalos !== undefined)
    throw new KubespanError("usage", "--from-talos has the cluster's id and secret already", {
      hint: "leave out --cluster-id and --cluster-secret-file",
    });
  if (id === undefined || file === undefined)
    throw new KubespanError("usage", "--cluster-id and --cluster-secret-file belong together");
  return { id, secret: await readSecret(file) };
}

async function readSecret(path: string): Promise<string> {
  const hint = "expected a file that holds the base64 text of 32 bytes";
  const file = await readTextFile(path, { largest: 4096, code: "usage", hint });
  const secret = file?.text.trim();
  if (secret === undefined) throw new KubespanError("usage", `there is no file ${path}`, { hint });
  if (decodeKey(secret) === undefined)
    throw new KubespanError("usage", `${path} does not hold a cluster secret`, { hint });
  return secret;
}
