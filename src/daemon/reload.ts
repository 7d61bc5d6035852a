import { isDeepStrictEqual } from "node:util";
import { KubespanError } from "../base/index.ts";
import type { Config } from "../config/index.ts";
import { registryKinds } from "./registries.ts";

/** What the kernel's state is found by: under other names the old state would be nobody's. */
const fixed = ["interfaceName", "routing", "marks", "wireguard", "stateDirectory", "runDirectory"] as const;

/** Throws `KubespanError("config")` if the change cannot be made while the daemon runs. */
export function needsRestart(before: Config, after: Config): void {
  const changed = fixed.filter((name) => !isDeepStrictEqual(before[name], after[name]));
  if (changed.length > 0)
    throw new KubespanError("config", `${changed.join(", ")} cannot change while the daemon runs`, {
      hint: `run "kubespan down", change it, and start again`,
    });
}

/** Whether the same registries, asked for the same cluster, serve both configurations. */
export const sameRegistries = (before: Config, after: Config): boolean =>
  before.enabled &&
  after.enabled &&
  before.cluster.id === after.cluster.id &&
  before.cluster.secret.equals(after.cluster.secret) &&
  registryKinds.every((kind) => isDeepStrictEqual(kind.settings(before), kind.settings(after)));
