import { Option } from "commander";
import { findRunDirectory } from "../config/effects/index.ts";
import { complain } from "../system/index.ts";
import { complaintOf } from "./complaint.ts";

export const defaultConfigFile = "/etc/kubespan/config.yaml";

/** The forms in which resources are printed. */
export const resourceFormats = ["table", "wide", "yaml", "json"] as const;
export type ResourceFormat = (typeof resourceFormats)[number];

export const configOption = (): Option =>
  new Option("-c, --config <file>", "configuration file to read").default(defaultConfigFile);

/**
 * The folder with the socket of the daemon that runs with this configuration. A configuration that is wrong is only
 * complained of, since the daemon that runs was started with a right one.
 */
export async function runDirectoryOf(file: string): Promise<string> {
  const { runDirectory, problem } = await findRunDirectory(file);
  if (problem !== undefined)
    complain(`${complaintOf(problem, "warning: ")}kubespan: warning: asking the daemon at ${runDirectory}\n`);
  return runDirectory;
}
