import { isDeepStrictEqual } from "node:util";
import type { Logger } from "pino";
import { KubespanError } from "../base/index.ts";
import { loadConfig } from "../config/effects/index.ts";
import type { Config } from "../config/index.ts";
import { secretsOf } from "../discovery/index.ts";
import type { Remembered } from "./membership.ts";
import type { Mesh } from "./mesh.ts";
import { registryKinds } from "./registries.ts";

/** The settings by which the state in the kernel and on disk is found. Under other names the old state would be nobody's. */
const fixed = [
  "interfaceName",
  "routing",
  "marks",
  "wireguard",
  "stateDirectory",
  "runDirectory",
  "socketGroup",
] as const;

/** Reads the configuration again. Throws `KubespanError("config")` for one that is wrong, or that needs a restart. */
export async function readAgain(file: string, before: Config, log: Logger): Promise<Config> {
  const { config, warnings } = await loadConfig(file);
  for (const warning of warnings) log.warn(warning);
  checkReload(before, config);
  return config;
}

/** Checks a change of the configuration. Throws `KubespanError("config")` if it cannot be made while the daemon runs. */
export function checkReload(before: Config, after: Config): void {
  const changed: string[] = fixed.filter((name) => !isDeepStrictEqual(before[name], after[name]));
  if (before.log.format !== after.log.format) changed.push("log.format");
  if (!isDeepStrictEqual(before.log.destinations, after.log.destinations)) changed.push("log.destinations");
  if (changed.length > 0)
    throw new KubespanError("config", `${changed.join(", ")} cannot change while the daemon runs`, {
      hint: `run 'kubespan down', change it, and start again`,
    });
}

/** Whether the same registries, asked for the same cluster, serve both configurations. */
export const sameRegistries = (before: Config, after: Config): boolean =>
  before.enabled &&
  after.enabled &&
  before.cluster.id === after.cluster.id &&
  sameSecrets(before.cluster, after.cluster) &&
  before.members.nodeDeletion === after.members.nodeDeletion &&
  before.relay.service === after.relay.service &&
  registryKinds.every((kind) => isDeepStrictEqual(kind.settings(before), kind.settings(after)));

function sameSecrets(before: Config["cluster"], after: Config["cluster"]): boolean {
  const [left, right] = [secretsOf(before), secretsOf(after)];
  return left.length === right.length && left.every((secret, at) => right[at]?.equals(secret));
}

type Kept = Pick<Mesh["membership"], "members"> & {
  readonly unowned: Pick<Mesh["membership"]["unowned"], "now">;
};

/** What of the mesh goes on under another configuration. */
export const keptUnder = (
  before: Config,
  after: Config,
  { memory, membership: { members, unowned } }: Pick<Mesh, "memory"> & { readonly membership: Kept },
): Partial<Pick<Mesh, "memory">> & Remembered => ({
  ...(sameRegistries(before, after) && { memory }),
  ...(before.enabled && before.cluster.id === after.cluster.id && { members, ownerless: unowned.now }),
});
