import { Option } from "commander";
import { loadConfig } from "../config/effects/index.ts";

const defaultConfigFile = "/etc/kubespan/config.yaml";

export const configOption = (): Option =>
  new Option("-c, --config <file>", "configuration file to read").default(defaultConfigFile);

/** The folder with the socket of the daemon that runs with this configuration. */
export const runDirectoryOf = async (file: string): Promise<string> =>
  (await loadConfig(file)).config.runDirectory;
