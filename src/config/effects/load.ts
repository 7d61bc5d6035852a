import { KubespanError } from "../../base/index.ts";
import { readTextFile } from "../../system/index.ts";
import type { Config } from "../config.ts";
import { largestConfig, parseConfig } from "../parse.ts";
import { environmentProxies } from "../proxy.ts";

/** A configuration with the warnings about the file that it was read from. */
export interface LoadedConfig {
  readonly config: Config;
  readonly warnings: readonly string[];
}

/**
 * Reads and checks a configuration file. Throws `KubespanError("config")` if it is missing, unreadable, no regular
 * UTF-8 file, larger than 1 MiB, or wrong (see `parseConfig`).
 */
export async function loadConfig(file: string): Promise<LoadedConfig> {
  const hint = `is it the right path? 'kubespan gen config --output ${file}' makes a new file, in a folder that exists`;
  const found = await readTextFile(file, { largest: largestConfig, code: "config", hint });
  if (found === undefined)
    throw new KubespanError("config", `there is no configuration file ${file}`, { hint });
  const { proxies, problems } = environmentProxies(process.env);
  return {
    config: parseConfig(found.text, file, proxies),
    warnings: [...modeWarnings(file, found.mode), ...problems],
  };
}

function modeWarnings(file: string, mode: number): string[] {
  if ((mode & 0o077) === 0) return [];
  const others = (mode & 0o022) === 0 ? "read" : "changed";
  const text = `${file} holds the cluster secret and can be ${others} by other users (mode 0${mode.toString(8)})`;
  return [`${text}; run: chmod 600 ${file}`];
}
