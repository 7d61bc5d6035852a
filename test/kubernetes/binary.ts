import { createHash } from "node:crypto";
import { access, mkdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { goBuild } from "../../lab/go.ts";

const folder = join(import.meta.dirname, "apiserver");
const cache = "/var/cache/kubespan-test";
const versions = "k8s.io/component-base/version";

/**
 * A real kube-apiserver, built from the Go modules that ./apiserver pins, which takes some minutes; it is kept outside
 * the tree under a name that changes with the pins. ./set-up.ts does that before any test, whose time is limited.
 */
export async function kubeApiServer(): Promise<string> {
  const pins = await Promise.all(["go.mod", "go.sum"].map((name) => readFile(join(folder, name), "utf8")));
  const version = /k8s\.io\/kubernetes (v1\.(\d+)\.\d+)/.exec(pins[0] ?? "");
  if (!version) throw new Error("go.mod names no version of Kubernetes");
  const digest = createHash("sha256").update(pins.join("\n")).digest("hex").slice(0, 12);
  const file = join(cache, `kube-apiserver-${version[1]}-${digest}`);
  if (await isThere(file)) return file;
  await mkdir(cache, { recursive: true });
  const temporary = `${file}.${process.pid}`;
  const names = { gitVersion: version[1], gitMajor: "1", gitMinor: version[2] };
  const flags = Object.entries(names).map(([name, value]) => `-X ${versions}.${name}=${value}`);
  try {
    await goBuild({
      folder,
      package: "k8s.io/kubernetes/cmd/kube-apiserver",
      output: temporary,
      flags: ["-ldflags", ["-s -w", ...flags].join(" ")],
    });
    await rename(temporary, file);
  } finally {
    await rm(temporary, { force: true });
  }
  return file;
}

const isThere = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );
