import { execFileSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  globSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";

/** What the installed program lies in, and where the package puts it. */
const home = "usr/lib/kubespan";

/** Files of libraries that are for people and compilers. */
const isForReaders = (file: string): boolean =>
  /\.(?:d\.[cm]?ts|ts|map|md|markdown|flow)$/i.test(file) ||
  ["test", "tests", "example"].includes(basename(file));

/** Without what a package's own node_modules holds: that is listed by itself. */
function copy(from: string, to: string): void {
  const isWanted = (file: string): boolean =>
    !isForReaders(file) && (file === from || basename(file) !== "node_modules");
  cpSync(from, to, { recursive: true, filter: isWanted });
}

interface Sources {
  /** Root of the checkout, with dist/ built. */
  readonly checkout: string;
  /** Unpacked package of Node for the architecture. */
  readonly node: string;
  /** The program wireguard-go for the architecture. */
  readonly wireguard: string;
  /** Paths of the libraries that are loaded from node_modules. */
  readonly libraries: readonly string[];
  /** Paths of all libraries in the product, the bundled ones among them. */
  readonly ingredients: readonly string[];
  /** The time of change that every file bears, in seconds since 1970. */
  readonly madeAt: number;
}

/** Lays out in `folder` what a package installs below /, the same for every format. */
export function stage(
  folder: string,
  { checkout, node, wireguard, libraries, ingredients, madeAt }: Sources,
): void {
  rmSync(folder, { recursive: true, force: true });
  const root = join(folder, home);
  mkdirSync(join(root, "dist"), { recursive: true });
  for (const file of globSync(join(checkout, "dist/*.cjs"))) copy(file, join(root, "dist", basename(file)));
  copy(join(checkout, "dist/page"), join(root, "dist/page"));
  copy(join(checkout, "bin/kubespan"), join(root, "bin/kubespan"));
  for (const path of libraries) copy(join(checkout, path), join(root, path));
  copy(join(node, "bin/node"), join(root, "node_modules/.bin/node"));
  copy(wireguard, join(root, "libexec/wireguard-go"));
  copy(join(checkout, "package.json"), join(root, "package.json"));
  const documents = join(folder, "usr/share/doc/kubespan");
  mkdirSync(documents, { recursive: true });
  for (const name of ["LICENSE", "README.md", "CHANGELOG.md", "SECURITY.md"])
    cpSync(join(checkout, name), join(documents, name));
  cpSync(join(node, "LICENSE"), join(documents, "LICENSE.node"));
  cpSync(join(checkout, "packaging/wireguard-go/LICENSE"), join(documents, "LICENSE.wireguard-go"));
  writeFileSync(join(documents, "LICENSES.libraries"), licencesOf(checkout, ingredients));
  for (const name of ["docs", "deploy"])
    cpSync(join(checkout, name), join(documents, name), { recursive: true });
  cpSync(join(checkout, "packaging/files"), folder, { recursive: true });
  settle(folder, madeAt);
}

/** The licences of these packages, as each of them brings it; one that brings none is named with the licence in its package.json. */
function licencesOf(checkout: string, paths: readonly string[]): string {
  const parts = paths.map((path) => {
    const [file] = readdirSync(join(checkout, path))
      .filter((name) => /^(?:licen[cs]e|copying|notice)(?:[.-]|$)/i.test(name))
      .toSorted();
    const { license } = JSON.parse(readFileSync(join(checkout, path, "package.json"), "utf8")) as {
      license?: string;
    };
    const text =
      file === undefined ? `Licence: ${license}` : readFileSync(join(checkout, path, file), "utf8").trim();
    return `== ${path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length)}\n\n${text}\n`;
  });
  return parts.join("\n");
}

/** Modes and times do not tell who built this, where and when. */
function settle(folder: string, madeAt: number): void {
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true });
  for (const entry of paths) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isSymbolicLink()) continue;
    const isProgram = entry.isDirectory() || ["node", "kubespan", "wireguard-go"].includes(entry.name);
    chmodSync(path, isProgram ? 0o755 : 0o644);
  }
  for (const entry of paths.toReversed()) lutimesSync(join(entry.parentPath, entry.name), madeAt, madeAt);
}

/** Packs the staged tree into an archive for machines whose package manager takes none of the packages. */
export function tarballOf(folder: string, file: string, madeAt: number): void {
  const order = ["--sort=name", "--owner=0", "--group=0", "--numeric-owner", `--mtime=@${madeAt}`];
  execFileSync("tar", [...order, "--format=gnu", "-I", "xz -T1 -6", "-cf", file, "-C", folder, "."]);
}
