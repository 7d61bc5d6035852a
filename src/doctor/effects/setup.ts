import { stat } from "node:fs/promises";
import { join } from "node:path";
import { errorText, KubespanError } from "../../base/index.ts";
import { loadConfig } from "../../config/effects/index.ts";
import type { Config } from "../../config/index.ts";
import { storedIdentity } from "../../identity/effects/index.ts";
import type { ConfigFact, IdentityFact } from "../index.ts";

export async function observeConfig(file: string): Promise<{ config: Config | undefined; fact: ConfigFact }> {
  try {
    const { config, warnings } = await loadConfig(file);
    return { config, fact: { state: "valid", enabled: config.enabled, warnings } };
  } catch (error) {
    return { config: undefined, fact: { state: "wrong", ...trouble(error) } };
  }
}

export async function observeIdentity(stateDirectory: string): Promise<IdentityFact> {
  try {
    const identity = await storedIdentity(stateDirectory);
    if (!identity) return { state: "absent" };
    const { mode } = await stat(join(stateDirectory, "identity.json"));
    return { state: "sound", nodeId: identity.nodeId, mode: mode & 0o7777 };
  } catch (error) {
    return { state: "damaged", ...trouble(error) };
  }
}

const trouble = (error: unknown): { message: string; hint: string | undefined } =>
  error instanceof KubespanError
    ? { message: error.message, hint: error.hint }
    : { message: errorText(error), hint: undefined };
