import { rmSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";

const project = new URL("../../", import.meta.url).pathname;
const output = join(project, ".cache/packages/test");
const architecture = process.arch === "arm64" ? "arm64" : "amd64";

/**
 * Makes packages of this checkout, said to be of some version, in a folder of their own; gives the folder. `gzip` is much
 * faster than what packages are compressed with otherwise. `keys` is what signs, as variables of the environment.
 */
export async function buildPackages(
  name: string,
  version: string,
  formats: string,
  compression: "xz" | "gzip" = "xz",
  keys: Readonly<Record<string, string>> = {},
): Promise<string> {
  const out = join(output, name);
  rmSync(out, { recursive: true, force: true });
  const what = [
    "--arch",
    architecture,
    "--format",
    formats,
    "--out",
    out,
    "--version",
    version,
    "--compression",
    compression,
  ];
  await execa(process.execPath, ["scripts/build-packages.ts", ...what], { cwd: project, env: keys });
  return out;
}

export const debOf = (folder: string, version: string): string =>
  join(folder, `kubespan_${version}-1_${architecture}.deb`);
