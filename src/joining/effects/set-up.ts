import { randomBytes } from "node:crypto";
import { access, chmod, chown, constants, mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { type Authority, authorityKeyText } from "../../authority/index.ts";
import { KubespanError, type Secret } from "../../base/index.ts";
import { generateConfig, parseConfig } from "../../config/index.ts";
import type { HostPort } from "../../net/index.ts";
import { createAtomically, errnoOf, probe, writeAtomically } from "../../system/index.ts";
import { filesBeside } from "../files.ts";
import { environmentText, newServices, urlOf } from "../services.ts";
import type { TokenService } from "../token.ts";
import { machineTypeHere } from "./machine-type.ts";

/** What is to be written on a node that begins or joins a mesh. */
export interface SetUp {
  readonly configFile: string;
  /** Whether a configuration that is there is replaced. */
  readonly force: boolean;
  /** The id and the secret as text; absent for a new cluster. */
  readonly cluster?: { readonly id: string; readonly secret: string };
  readonly services: readonly TokenService[];
  /** The certificate of the cluster's authority, in PEM; absent if no service has one. */
  readonly authority?: Authority["certificate"];
  /** The public keys of the operators who may evict nodes; absent for none. */
  readonly operatorKeys?: readonly string[];
  /** The discovery service of this node; absent if it has none. */
  readonly own?: { readonly at: HostPort; readonly authorityKey: Secret };
}

const forRoot = { mode: 0o600, owner: "writer" } as const;
const forAll = { mode: 0o644, owner: "writer" } as const;

/** Makes sure that the files can be written, before anything is begun. */
export async function prepare(configFile: string, force: boolean): Promise<void> {
  const folder = dirname(configFile);
  try {
    await mkdir(folder, { recursive: true, mode: 0o755 });
    await access(folder, constants.W_OK);
  } catch (cause) {
    if (errnoOf(cause) !== "EACCES" && errnoOf(cause) !== "EROFS") throw cause;
    throw new KubespanError("privilege", `this user may not write in ${folder}`, {
      hint: "run this as root",
      cause,
    });
  }
  const isThere = await access(configFile).then(
    () => true,
    () => false,
  );
  if (isThere && !force) throw exists(configFile);
}

const exists = (file: string): KubespanError =>
  new KubespanError("conflict", `this node has a configuration already: ${file}`, {
    hint: "'kubespan token' shows what other nodes need to join; --force replaces the configuration, and its secret is lost",
  });

/** Writes the files of a node; gives the paths in order. The configuration comes last, and is whole when it is there. */
export async function setUp(plan: SetUp): Promise<string[]> {
  const { configFile, force, cluster, services, authority, operatorKeys, own } = plan;
  const files = filesBeside(configFile);
  const url = own && urlOf({ ...own.at, tls: true });
  const text = generateConfig({
    random: randomBytes,
    services: newServices(services, files.authority, url),
    machineType: await machineTypeHere(),
    ...(cluster && { cluster }),
    ...(operatorKeys && { operatorKeys }),
    ...(authority !== undefined && {
      discovery: { authority: files.authority, ...(url !== undefined && { announce: url }) },
    }),
  });
  parseConfig(text, configFile); // a file that 'validate' refuses is never written
  const written: string[] = [];
  const write = async (path: string, content: string, options: typeof forRoot | typeof forAll) => {
    await writeAtomically(path, content, options);
    written.push(path);
  };
  if (authority !== undefined) await write(files.authority, authority, forAll);
  if (own) {
    await write(files.authorityKey, authorityKeyText(own.authorityKey), forRoot);
    await giveToService(files.authorityKey);
    await write(files.environment, environmentText(own.at, files), forAll);
  }
  if (force) await writeAtomically(configFile, text, forRoot);
  else if (!(await createAtomically(configFile, text, forRoot))) throw exists(configFile);
  return [...written, configFile];
}

/** The discovery service of the packages runs as a user of this group, which has nobody else in it. */
async function giveToService(path: string): Promise<void> {
  const { stdout } = await probe("getent", "group", "kubespan");
  const group = Number(stdout.split(":")[2]);
  if (!Number.isInteger(group) || stdout === "") return;
  await chown(path, 0, group);
  await chmod(path, 0o640);
}
