import { randomBytes } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { readSaved } from "../barrier/effects/index.ts";
import type { BarrierNames } from "../barrier/index.ts";
import { type Config, parseConfig, stateDirectoryIn } from "../config/index.ts";
import { readTextFile } from "../system/index.ts";

const largestConfig = 1024 * 1024;

const made = (): string => randomBytes(32).toString("base64");

let read: Config | undefined;

/** The configuration that says nothing that it does not have to say. It is read when it is asked for: few starts need it. */
function usualConfig(): Config {
  read ??= readUsual();
  return read;
}

function readUsual(): Config {
  const documents = [
    "kind: KubeSpanConfig\nenabled: true",
    `kind: DiscoveryIdentityConfig\nclusterID: ${made()}\nclusterSecret: ${made()}`,
    "kind: DiscoveryServiceConfig\nname: none\nendpoint: https://none.invalid/",
  ];
  return parseConfig(documents.map((each) => `apiVersion: v1alpha1\n${each}`).join("\n---\n"), "none");
}

const namesOf = ({ interfaceName, listenPort, marks, routing }: Config): BarrierNames => ({
  interfaceName,
  listenPort,
  marks,
  routing,
});

/** The names and numbers of a configuration; `undefined` if they are the usual ones. */
export function unusualNames(config: Config): BarrierNames | undefined {
  const names = namesOf(config);
  return isDeepStrictEqual(names, namesOf(usualConfig())) ? undefined : names;
}

/**
 * What closes a node whose configuration cannot be read: the usual one, with the names and numbers of the last run. A
 * mistake in a configuration must not open the node when the machine starts. In the broken file the state folder may still
 * be named.
 */
export async function configOfLastRun(file: string): Promise<Config> {
  const options = { largest: largestConfig, code: "config", hint: "" } as const;
  const found = await readTextFile(file, options).catch(() => undefined); // whoever reads it as a configuration says why
  const usual = usualConfig();
  const stateDirectory = stateDirectoryIn(found?.text ?? "") ?? usual.stateDirectory;
  return { ...usual, stateDirectory, ...(await readSaved(stateDirectory))?.names };
}
