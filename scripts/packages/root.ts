import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { goBuild } from "../../lab/go.ts";
import { closureOf, type Lock } from "./closure.ts";
import { type Architecture, fetchNode } from "./fetch.ts";
import { stage } from "./stage.ts";

/** The libraries that the bundle loads from node_modules, and only where a configuration asks for them. */
const loaded = ["etcd3", "@kubernetes/client-node"];
export const cache = ".cache/packages";
export const wireguardModule = "packaging/wireguard-go";

const readJson = (file: string): unknown => JSON.parse(readFileSync(file, "utf8"));
export const lock = (readJson("package-lock.json") as { packages: Lock }).packages;
export const product = readJson("package.json") as { name: string; version: string; license: string };

/** Paths of all libraries that are bundled into dist/ or loaded beside it. */
export const ingredients = [
  ...new Set([...closureOf(lock, Object.keys(lock[""]?.dependencies ?? {})), ...closureOf(lock, loaded)]),
].toSorted();

/** The time of the commit in seconds since 1970, so that a second build gives the same bytes. */
export const madeAt = Number(
  process.env["SOURCE_DATE_EPOCH"] ??
    execFileSync("git", ["log", "-1", "--format=%ct"], { encoding: "utf8" }),
);

/** Lays out what is installed below /, for an architecture. Gives the path of the folder. */
export async function stageRoot(
  architecture: Architecture,
  folder = join(cache, `root-${architecture}`),
): Promise<string> {
  const node = await fetchNode(lock, architecture, cache);
  const wireguard = await wireguardGo(architecture);
  stage(folder, { checkout: ".", node, wireguard, libraries: closureOf(lock, loaded), ingredients, madeAt });
  return folder;
}

/** Builds the newest wireguard-go, for kernels without WireGuard: Debian 12's carries a sixth of the data. */
async function wireguardGo(architecture: Architecture): Promise<string> {
  const output = resolve(cache, `wireguard-go-${architecture}`);
  const program = { folder: wireguardModule, package: "golang.zx2c4.com/wireguard", output, architecture };
  await goBuild({ ...program, flags: ["-ldflags=-s -w -buildid="] });
  return output;
}
