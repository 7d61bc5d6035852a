import { readTextFile } from "./read-file.ts";

/**
 * Gives the value of a kernel setting by its key with slashes (`net/ipv4/ip_forward`); `undefined` if there is no such
 * setting.
 */
export type ReadSetting = (key: string) => Promise<string | undefined>;

const longestValue = 4096;

/**
 * Reads a setting from /proc/sys, for the network namespace of this process. Throws `KubespanError("command")` if it
 * cannot be read.
 */
export const readKernelSetting: ReadSetting = async (key) => {
  const found = await readTextFile(`/proc/sys/${key}`, {
    largest: longestValue,
    code: "command",
    hint: "is /proc mounted, and may this program read it?",
  });
  return found?.text.trim();
};
