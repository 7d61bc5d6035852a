import { copyFileSync } from "node:fs";
import { basename, join } from "node:path";
import { buildPackages, debOf } from "./build.ts";

/** Builds packages of these versions; gives their files and the scripts of the service. */
export async function serviceFiles(...versions: readonly string[]): Promise<string[]> {
  const files = ["service-start.sh", "service.sh"].map((name) => join(import.meta.dirname, name));
  for (const version of versions)
    files.push(debOf(await buildPackages(`service-${version}`, version, "deb", "gzip"), version));
  return files;
}

export function copyInto(folder: string, files: readonly string[]): void {
  for (const file of files) copyFileSync(file, join(folder, basename(file)));
}

/** What a script printed of what it saw: a name, a colon, a value. */
export const seenIn = (stdout: string): Record<string, string> =>
  Object.fromEntries(stdout.split("\n").map((line) => line.split(/: (.*)/s).slice(0, 2)));

/** What is seen when the service runs and has a peer. */
export const running = {
  version: "0.1.0",
  unconfigured: "3 0",
  discovery: "0 watchers; on 203.0.113.1:3000",
  status: "1 of 1 peers up",
  user: "kubespan",
  capabilities: "0000000000001000",
  filter: "2",
  warnings: "0",
};
