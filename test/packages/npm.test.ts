import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, it } from "vitest";

const project = new URL("../../", import.meta.url).pathname;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "kubespan-npm-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** npm on the machine's own Node, which may be an old one. Node's folder, which npm run puts in front, is left out. */
const npm = (...args: string[]) =>
  execa("npm", args, {
    cwd: project,
    env: {
      PATH: (process.env["PATH"] ?? "")
        .split(":")
        .filter((path) => !path.includes("node_modules"))
        .join(":"),
    },
  });

it("npm installs the packed tarball for all users, and it runs on the Node that came along", async () => {
  const { stdout } = await npm("pack", "--silent", "--pack-destination", folder);
  const archive = join(folder, stdout.trim());
  await npm("install", "--global", "--no-audit", "--no-fund", "--prefix", join(folder, "usr"), archive);
  const program = join(folder, "usr/bin/kubespan");
  expect((await execa(program, ["--version"])).stdout).toBe("0.1.0");
  // Older versions of npm make no link to Node: it has to be found without.
  rmSync(join(folder, "usr/lib/node_modules/kubespan/node_modules/.bin/node"), { force: true });
  const { stderr } = await execa(program, ["discovery", "serve", "--listen", "nowhere"], { reject: false });
  expect(stderr).toMatch(/nowhere/);
  const { stdout: json } = await execa(program, ["marks", "0x8", "-o", "json"], { reject: false });
  expect(JSON.parse(json)).toMatchObject({ bits: "0x8" });
}, 1_200_000);
