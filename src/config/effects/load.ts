import { KubespanError } from "../../base/index.ts";
import { readTextFile } from "../../system/index.ts";
import type { Config } from "../config.ts";
import { runDirectoryIn } from "../named-folders.ts";
import { largestConfig, readConfig } from "../parse.ts";
import { environmentProxies } from "../proxy.ts";
import { configWarnings } from "../warnings.ts";
import { withKeptSecret } from "./kept-secret.ts";

/** A configuration with the warnings about the file that it was read from. */
export interface LoadedConfig {
  readonly config: Config;
  readonly warnings: readonly string[];
}

/**
 * Reads and checks a configuration file, with the secret that a command brought in place of the file's. Throws `KubespanError("config")` if it is missing, unreadable, no regular
 * UTF-8 file, larger than 1 MiB, or wrong (see `parseConfig`).
 */
export async function loadConfig(file: string): Promise<LoadedConfig> {
  const hint = "name the file that holds the configuration of this node";
  const found = await readTextFile(file, { largest: largestConfig, code: "config", hint });
  if (found === undefined)
    throw new KubespanError("config", `there is no configuration file ${file}`, {
      hint: `is that the right path? 'kubespan gen config --output ${file}' makes a new file there`,
    });
  const { proxies, problems } = environmentProxies(process.env);
  const read = readConfig(found.text, file, proxies);
  const { config, warnings: ofSecret } = await withKeptSecret(read.config);
  const findings = [...read.notices, ...configWarnings(read.config, found.text)];
  const warnings = [...modeWarnings(file, found.mode), ...problems, ...ofSecret, ...findings];
  return { config, warnings };
}

/** What tells where a daemon is, and its link. */
interface Found {
  readonly runDirectory: string;
  readonly interfaceName: string;
}

/** The defaults of docs/configuration.md. */
const defaults: Found = { runDirectory: "/run/kubespan", interfaceName: "kubespan" };

/**
 * The folder of the socket of the daemon that runs with this configuration, and the name of its link, also where that has been broken since:
 * whoever has just made a mistake in it needs to see how the daemon is. Then `problem` is what is wrong with it.
 */
export async function findDaemon(file: string): Promise<Found & { readonly problem?: unknown }> {
  try {
    const { runDirectory, interfaceName } = (await loadConfig(file)).config;
    return { runDirectory, interfaceName };
  } catch (problem) {
    if (!(problem instanceof KubespanError) || problem.code !== "config") throw problem;
    const options = { largest: largestConfig, code: "config", hint: "" } as const;
    const found = await readTextFile(file, options).catch(() => undefined);
    return { ...defaults, runDirectory: runDirectoryIn(found?.text ?? "") ?? defaults.runDirectory, problem };
  }
}

function modeWarnings(file: string, mode: number): string[] {
  if ((mode & 0o077) === 0) return [];
  const others = (mode & 0o022) === 0 ? "read" : "changed";
  const text = `${file} holds the cluster secret and can be ${others} by other users (mode 0${mode.toString(8)})`;
  return [`${text}; run: chmod 600 ${file}`];
}
