import { join } from "node:path";
import { z } from "zod";
import { readJson, valueOf } from "../../base/index.ts";
import { readTextFile, removeStateFile, writeAtomically } from "../../system/index.ts";
import type { Config } from "../config.ts";
import { largestConfig, readConfig } from "../parse.ts";
import { environmentProxies } from "../proxy.ts";

/**
 * A configuration that is only tried. It lies beside the socket of the daemon and not in place of the file, so the file
 * always holds what was confirmed: whatever ends, the daemon or the machine, nothing has to be put back.
 */
interface Trial {
  readonly text: string;
  /** The time for which it is tried. */
  readonly seconds: number;
}

const form = z.strictObject({
  version: z.literal(1),
  text: z.string(),
  seconds: z
    .int()
    .positive()
    .max(24 * 3600),
});

const fileIn = (runDirectory: string): string => join(runDirectory, "config-try.json");

/** Puts a configuration where the daemon looks for one to try. It belongs to the user of the daemon. */
export const writeTrial = (runDirectory: string, trial: Trial): Promise<void> =>
  writeAtomically(fileIn(runDirectory), JSON.stringify({ version: 1, ...trial }), { mode: 0o600 });

/** The configuration that is being tried; `undefined` if there is none. */
export async function readTrial(runDirectory: string): Promise<Trial | undefined> {
  const hint = "remove it: the configuration that was confirmed is in its usual place";
  const options = { largest: 8 * largestConfig, code: "state", hint } as const;
  const file = await readTextFile(fileIn(runDirectory), options);
  const found = file && valueOf(readJson(file.text, form));
  return found && { text: found.text, seconds: found.seconds };
}

/** Ends the trial; `false` if there was none. */
export const endTrial = (runDirectory: string): Promise<boolean> => removeStateFile(fileIn(runDirectory));

export const trialConfig = ({ text }: Trial, file: string): Config =>
  readConfig(text, file, environmentProxies(process.env).proxies).config;
