import { KubespanError, type Secret } from "../base/index.ts";
import { loadConfig } from "../config/effects/index.ts";
import type { Config } from "../config/index.ts";
import { readTextFile } from "../system/index.ts";
import { standardInput } from "./standard-input.ts";

const largestKey = 1024;

/** Reads the key of an operator, of a file or for `-` of standard input. */
export async function readOperatorKey(path: string): Promise<Secret> {
  const { parseOperatorKey } = await import("../eviction/index.ts");
  const hint = "give the file that 'kubespan gen operator-key' wrote";
  const text =
    path === "-"
      ? await standardInput("key", largestKey)
      : (await readTextFile(path, { largest: largestKey, code: "usage", hint }))?.text;
  const key = text === undefined ? undefined : parseOperatorKey(text);
  if (key) return key;
  const problem = text === undefined ? `there is no file ${path}` : `${path} holds no key of an operator`;
  throw new KubespanError("usage", problem, { hint });
}

/** The configuration of this node, if it names the operator with this key. Throws `KubespanError("usage")` otherwise. */
export async function operatorsConfig(file: string, key: Secret): Promise<Config> {
  const { operatorKeyOf } = await import("../eviction/index.ts");
  const { config } = await loadConfig(file);
  if (config.operatorKeys?.includes(operatorKeyOf(key))) return config;
  throw new KubespanError("usage", `${file} does not name this operator's key`, {
    hint: `add its public part on every node, and reload: operatorKeys: ["${operatorKeyOf(key)}"]`,
  });
}
