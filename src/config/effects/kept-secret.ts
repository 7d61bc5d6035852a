import { join } from "node:path";
import { errorText, KubespanError } from "../../base/index.ts";
import { errnoOf, readTextFile, writeAtomically } from "../../system/index.ts";
import type { Config } from "../config.ts";
import { type KeptSecret, keptText, parseKept, withKept } from "../kept-secret.ts";

const fileIn = (stateDirectory: string): string => join(stateDirectory, "cluster-secret.json");
const largestFile = 4096;
const hint = "give this node a token of now: kubespan token, on another node, and kubespan join here";

/**
 * The secret that an operator's command brought to this node; `undefined` if there is none. Throws
 * `KubespanError("state")` for a file that cannot be read.
 */
export async function readKeptSecret(stateDirectory: string): Promise<KeptSecret | undefined> {
  const path = fileIn(stateDirectory);
  const file = await readTextFile(path, { largest: largestFile, code: "state", hint });
  const kept = file && parseKept(file.text);
  if (file && !kept) throw new KubespanError("state", `${path} is damaged`, { hint });
  return kept;
}

/** Keeps the secret for this and all later starts. Nothing but this file holds it. */
export const keepSecret = (stateDirectory: string, kept: KeptSecret): Promise<void> =>
  writeAtomically(fileIn(stateDirectory), keptText(kept), { mode: 0o600 });

/** The configuration with the secrets that count, and a warning if those that are kept do not. */
export async function withKeptSecret(
  config: Config,
): Promise<{ readonly config: Config; readonly warnings: readonly string[] }> {
  try {
    const kept = await readKeptSecret(config.stateDirectory);
    const cluster = kept && withKept(config.cluster, kept);
    if (cluster) return { config: { ...config, cluster }, warnings: [] };
    const changed = `the clusterSecret of the configuration was changed since 'kubespan rotate secret', and counts`;
    return { config, warnings: kept ? [changed] : [] };
  } catch (error) {
    // Whoever may read the configuration alone can still check it.
    if (error instanceof KubespanError && errnoOf(error.cause) === "EACCES") return { config, warnings: [] };
    return { config, warnings: [`the clusterSecret of the configuration counts: ${errorText(error)}`] };
  }
}
