import type { Spec } from "../../api/index.ts";
import { parseJson, valueOf } from "../../base/index.ts";
import type { Config } from "../../config/index.ts";
import { kindOf } from "../kind.ts";

/** The configuration with all defaults. A secret is written as a placeholder wherever it stands. */
export const configs = kindOf({
  type: "Configs.kubespan",
  namespace: "config",
  columns: { Enabled: "enabled", Interface: "interfaceName", Port: "listenPort", MTU: "mtu" },
  inputs: [],
  description: "the configuration with all defaults, without secrets",
  draw: ({ config }) => [{ id: "kubespan", spec: masked(config) }],
});

/** The configuration as JSON has it, in which each secret is a placeholder. */
const masked = (config: Config): Spec => (valueOf(parseJson(JSON.stringify(config))) ?? {}) as Spec;
