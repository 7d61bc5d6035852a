import { KubespanError } from "../base/index.ts";
import { assemble } from "./assemble.ts";
import type { Config } from "./config.ts";
import { consistencyProblems } from "./consistency.ts";
import { noticesOf } from "./notices.ts";
import { configError, placed } from "./problem.ts";
import { noProxies, type Proxies } from "./proxy.ts";
import { readKinds } from "./read-kinds.ts";
import { readYaml } from "./yaml-source.ts";

/** The size of the largest configuration file, in bytes. */
export const largestConfig = 1024 * 1024;

/**
 * Reads a configuration, which is one YAML file of several documents: the kinds of Talos and our own
 * `KubeSpanDaemonConfig`. `file` names it in messages. As in Talos, the mesh is off unless a KubeSpanConfig says
 * `enabled: true`. Everything but the DiscoveryIdentityConfig has a default. `environment` has the proxies that count
 * where the file names none.
 *
 * Throws one `KubespanError("config")` that lists all problems, each as `file:line:column: what is wrong`. A rule that
 * spans several fields or documents is applied once each of them is correct by itself. No message holds the secret.
 */
export const parseConfig = (text: string, file: string, environment: Proxies = noProxies): Config =>
  readConfig(text, file, environment).config;

/** A configuration, and what an operator should know of its text, each as `file:line:column: what`. */
export interface ReadConfig {
  readonly config: Config;
  readonly notices: readonly string[];
}

/** Reads a configuration as `parseConfig` does. */
export function readConfig(text: string, file: string, environment: Proxies = noProxies): ReadConfig {
  if (Buffer.byteLength(text) > largestConfig)
    throw new KubespanError("config", `${file} is larger than ${largestConfig} bytes`, {
      hint: "is it the right file?",
    });
  const { documents, problems: yamlProblems, position } = readYaml(text);
  const found = readKinds(documents);
  const incomplete = yamlProblems.length > 0 || found.unknown.length > 0;
  const problems = [
    ...yamlProblems,
    ...found.unknown,
    ...found.problems,
    ...consistencyProblems(found, incomplete),
  ];
  const config = problems.length === 0 ? assemble(found, environment) : undefined;
  if (config === undefined) throw configError(file, problems, position);
  return { config, notices: placed(file, noticesOf(found), position) };
}
