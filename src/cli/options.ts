import { InvalidArgumentError, Option } from "commander";
import { findDaemon } from "../config/effects/index.ts";
import { complain } from "../system/index.ts";
import { complaintOf } from "./complaint.ts";

export const defaultConfigFile = "/etc/kubespan/config.yaml";

/** The forms in which resources are printed. */
export const resourceFormats = ["table", "wide", "yaml", "json"] as const;
export type ResourceFormat = (typeof resourceFormats)[number];

export const configOption = (): Option =>
  new Option("-c, --config <file>", "configuration file to read").default(defaultConfigFile);

/**
 * The folder with the socket of the daemon that runs with this configuration, and the name of its link. A configuration
 * that is wrong is only complained of, since the daemon that runs was started with a right one.
 */
export async function daemonOf(
  file: string,
): Promise<{ readonly runDirectory: string; readonly interfaceName: string }> {
  const { runDirectory, interfaceName, problem } = await findDaemon(file);
  if (problem !== undefined)
    complain(`${complaintOf(problem, "warning: ")}kubespan: warning: asking the daemon at ${runDirectory}\n`);
  return { runDirectory, interfaceName };
}

export const runDirectoryOf = async (file: string): Promise<string> => (await daemonOf(file)).runDirectory;

/** Reads the value of an option that is a whole number within bounds, of `things` if it counts some. */
export const wholeNumber =
  (least: number, most: number, things = "") =>
  (text: string): number => {
    const number = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (number >= least && number <= most) return number;
    throw new InvalidArgumentError(`It is a number${things && ` of ${things}`} from ${least} to ${most}.`);
  };

/** Reads the value of an option that is a time in seconds. */
export const secondsWithin = (least: number, most: number): ((text: string) => number) =>
  wholeNumber(least, most, "seconds");
