import { readTextNow } from "../../system/index.ts";
import { stateDirectoryIn, usualStateDirectory } from "../named-folders.ts";

/** The bytes that are looked at in a configuration before it is read as one. */
const largest = 1024 * 1024;

/**
 * The state folder that a configuration names, found without any of the code that reads configurations. `undefined` if
 * the file cannot be looked at; whoever reads it as a configuration says why.
 */
export function stateDirectoryNow(file: string): string | undefined {
  const text = readTextNow(file, { largest, followsLinks: true });
  return text === undefined ? undefined : (stateDirectoryIn(text) ?? usualStateDirectory);
}

/**
 * The configuration file of a daemon that is to run; `undefined` for any other command line. The words are checked later,
 * by the library for that, which takes much longer to load.
 */
export function configOfRun([command, ...options]: readonly string[]): string | undefined {
  if (command !== "run" || options.includes("--dry-run")) return undefined;
  const at = options.findIndex((option) => /^(?:-c|--config(?:=|$))/.test(option));
  if (at === -1) return "/etc/kubespan/config.yaml";
  const [, attached] = /^(?:-c|--config=)(.+)$/.exec(options[at] ?? "") ?? [];
  return attached ?? options[at + 1];
}
