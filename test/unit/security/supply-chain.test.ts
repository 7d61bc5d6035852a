import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "../../..");
const read = (name: string): string => readFileSync(join(root, name), "utf8");

interface Locked {
  readonly version?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly link?: true;
}

const lock = JSON.parse(read("package-lock.json")) as {
  lockfileVersion: number;
  packages: Record<string, Locked>;
};
const manifest = JSON.parse(read("package.json")) as Record<string, Record<string, string>>;
const packages = Object.entries(lock.packages).filter(([path]) => path !== "");

describe("package-lock.json", () => {
  test("has a SHA-512 hash for every package, also for other machines than this one", () => {
    const without = packages.filter(
      ([, { integrity }]) => !/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity ?? ""),
    );
    expect(without.map(([path]) => path)).toEqual([]);
    expect(packages.length).toBeGreaterThan(300);
  });

  test("gets nothing from elsewhere than a registry", () => {
    const elsewhere = packages.filter(
      ([, { link, resolved }]) =>
        link || (resolved !== undefined && !resolved.startsWith("https://registry.npmjs.org/")),
    );
    expect(elsewhere.map(([path]) => path)).toEqual([]);
  });

  test("holds exactly what package.json names, each in one version", () => {
    for (const kind of ["dependencies", "devDependencies", "optionalDependencies"])
      for (const [name, version] of Object.entries(manifest[kind] ?? {})) {
        expect(version, name).toMatch(/^\d+\.\d+\.\d+$/);
        expect(lock.packages[`node_modules/${name}`]?.version, name).toBe(version);
      }
  });
});

describe("what is fetched", () => {
  test("runs nothing: npm's scripts are off, and ours has none that npm would call", () => {
    expect(read(".npmrc")).toMatch(/^ignore-scripts=true$/m);
    const names = [
      "preinstall",
      "install",
      "postinstall",
      "prepare",
      "prepublish",
      "preprepare",
      "postprepare",
    ];
    expect(Object.keys(manifest["scripts"] ?? {}).filter((name) => names.includes(name))).toEqual([]);
    for (const line of lines(/\bnpm (?:ci|install|i|exec)\b/))
      expect(line, "also where .npmrc is not read").toContain("npm ci");
    for (const line of lines(/\bnpm ci .*--/)) expect(line).toContain("--ignore-scripts");
  });

  test("has a hash or a signature: no script loads a file from a network by itself, or tells apt not to look", () => {
    const loader = /\b(?:curl|wget|git clone|allow-unauthenticated|trusted=yes|AllowInsecureRepositories)\b/;
    // To install such a program, from Debian, loads nothing by it: a page has commands that use it.
    const installing = /scripts\/install-packages [^&|;]*/;
    expect(lines(loader).filter((line) => loader.test(line.replace(installing, "")))).toEqual([]);
    expect(
      lines(/\b(?:GONOSUMDB|GONOSUMCHECK|GOFLAGS=.*-insecure|GOSUMDB=off|GOINSECURE|GOPRIVATE)\b/),
    ).toEqual([]);
  });

  test.each([
    "test/interop/go",
    "packaging/wireguard-go",
    ...["flannel", "kubernetes", "plugins"].map((name) => `lab/programs/${name}`),
  ])("%s has a hash of every module and its go.mod", (folder) => {
    const sums = read(`${folder}/go.sum`).trim().split("\n");
    for (const line of sums) expect(line).toMatch(/^\S+ v\S+ h1:[A-Za-z0-9+/]{43}=$/);
    const known = new Set(sums.map((line) => line.split(" ").slice(0, 2).join(" ")));
    const text = read(`${folder}/go.mod`);
    const replaced = new Map(
      [...text.matchAll(/^\s*(\S+) => (\S+) (v\S+)/gm)].map(([, from, to, version]) => [
        from,
        `${to} ${version}`,
      ]),
    );
    const needed = [...text.matchAll(/^(?:require)?\s+(\S+\.\S+) (v\S+)(?: \/\/ indirect)?$/gm)];
    expect(needed.length).toBeGreaterThan(0);
    for (const [, name, version] of needed)
      expect(known, `${name}`).toContain(`${replaced.get(name) ?? `${name} ${version}`}/go.mod`);
  });
});

/** Of all that is run while the project is set up, built and tested, without this file. */
function lines(form: RegExp): string[] {
  const folders = ["scripts", "packaging", "test", "lab", "demo", "bench", ".ci"];
  const names = folders
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name)),
    )
    .filter((name) => name !== import.meta.filename && !/\.(?:sum|pcap|svg)$/.test(name));
  return [...names, join(root, "Makefile")].flatMap((name) =>
    readFileSync(name, "utf8")
      .split("\n")
      .filter((line) => form.test(line) && !/^\s*(?:#|\/\/|\*)/.test(line)),
  );
}
