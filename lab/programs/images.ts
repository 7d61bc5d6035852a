import { createHash } from "node:crypto";
import { copyFile, mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { output } from "../command.ts";
import { kept } from "./cache.ts";

/** The names under which the one image is known. Both are never pulled, as nobody has them. */
export const image = { pause: "kubespan.invalid/pause:1", probe: "kubespan.invalid/probe:1" } as const;

const applets = ["cat", "ip", "ls", "nc", "nslookup", "ping", "sh", "sleep"];
const folders = ["bin", "dev", "etc", "proc", "sys", "tmp"];

/** The folder with `images.tar`, an archive as Docker writes it: the probe, and busybox to look around. */
export function images(probe: string, busybox: string): Promise<string> {
  return kept({
    name: "images",
    of: [probe, busybox, ...Object.values(image), ...applets],
    make: async (folder) => {
      const root = join(folder, "root");
      for (const name of folders) await mkdir(join(root, name), { recursive: true });
      await copyFile(join(probe, "probe"), join(root, "probe"));
      await copyFile(busybox, join(root, "bin/busybox"));
      for (const applet of applets) await symlink("busybox", join(root, "bin", applet));
      await writeArchive(folder, root);
      await rm(root, { recursive: true });
    },
  });
}

const archive = (file: string, from: string, ...names: string[]): Promise<string> =>
  output([
    "tar",
    "--create",
    "--owner=0",
    "--group=0",
    "--numeric-owner",
    `--file=${file}`,
    `--directory=${from}`,
    ...names,
  ]);

async function writeArchive(folder: string, root: string): Promise<void> {
  await archive(join(folder, "layer.tar"), root, ...folders, "probe");
  const layer = await hashOf(join(folder, "layer.tar"));
  const settings = {
    architecture: { x64: "amd64" }[process.arch as string] ?? process.arch,
    os: "linux",
    config: { Entrypoint: ["/probe"], Cmd: ["pause"], Env: ["PATH=/bin"] },
    rootfs: { type: "layers", diff_ids: [`sha256:${layer}`] },
  };
  const content = { "config.json": settings, "manifest.json": [manifest] };
  for (const [name, value] of Object.entries(content))
    await writeFile(join(folder, name), JSON.stringify(value));
  const names = [...Object.keys(content), "layer.tar"];
  await archive(join(folder, "images.tar"), folder, ...names);
  for (const name of names) await rm(join(folder, name));
}

const manifest = { Config: "config.json", RepoTags: Object.values(image), Layers: ["layer.tar"] };

const hashOf = async (file: string): Promise<string> =>
  createHash("sha256")
    .update(await readFile(file))
    .digest("hex");
