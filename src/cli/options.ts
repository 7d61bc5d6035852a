import { Option } from "commander";
import { loadConfig } from "../config/effects/index.ts";

const defaultConfigFile = "/etc/kubespan/config.yaml";

export const configOption = (): Option =>
  new Option("-c, --config <file>", "the configuration").default(defaultConfigFile);

/** Where the daemon with this configuration answers. */
export const runDirectoryOf = async (file: string): Promise<string> =>
  (await loadConfig(file)).config.runDirectory;
