import { cp, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";
import { temporaryFolder } from "../temporary-folder.ts";

const script = new URL("../../../scripts/check-commits", import.meta.url).pathname;

/** Git, apart from what the user or the machine has configured. */
const git = (folder: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  execa("git", ["-c", "user.name=a", "-c", "user.email=a@example.org", ...args], {
    cwd: folder,
    env: { GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_SYSTEM: "/dev/null", ...env },
  });

const commit = (folder: string, subject: string, env: Readonly<Record<string, string>> = {}) =>
  git(folder, ["commit", "--quiet", "--allow-empty", "-m", subject], env);

/** A folder with the script in it. */
async function tree(): Promise<string> {
  const folder = await temporaryFolder();
  await mkdir(join(folder, "scripts"));
  await cp(script, join(folder, "scripts/check-commits"));
  return folder;
}

async function repository(...subjects: readonly string[]): Promise<string> {
  const folder = await tree();
  await git(folder, ["init", "--quiet"]);
  for (const subject of subjects) await commit(folder, subject);
  return folder;
}

const check = (folder: string) => execa(join(folder, "scripts/check-commits"), { reject: false });

const longest = "x".repeat(72);

test("subjects of up to 72 characters pass, counted in characters, whatever the text below", async () => {
  const folder = await repository("Short", longest, "ä".repeat(72), `Short\n\n${longest}${longest}`);
  expect(await check(folder)).toMatchObject({ exitCode: 0, stdout: "", stderr: "" });
});

test("a longer subject fails, and the commit is named", async () => {
  const result = await check(await repository("Short", `${longest}y`, "Short again"));
  expect(result.exitCode).toBe(1);
  expect(result.stderr).toMatch(new RegExp(String.raw`^check-commits: .*\n[0-9a-f]{7,} ${longest}y$`));
});

test("a shallow clone is checked as far as its history goes", async () => {
  const origin = await repository(`${longest}y`, "Short", `${longest}z`);
  const clone = await tree();
  await git(clone, ["init", "--quiet"]);
  await git(clone, ["fetch", "--quiet", "--depth=2", `file://${origin}`, "HEAD"]);
  await git(clone, ["reset", "--quiet", "--soft", "FETCH_HEAD"]);
  const result = await check(clone);
  expect(result.exitCode).toBe(1);
  expect(result.stderr).toContain(`${longest}z`);
  expect(result.stderr).not.toContain(`${longest}y`);
});

test("commits that are older than the rule are not judged", async () => {
  const folder = await repository();
  await commit(folder, `${longest}y`, { GIT_COMMITTER_DATE: "2026-11-20T00:00:00Z" });
  await commit(folder, "Short");
  expect(await check(folder)).toMatchObject({ exitCode: 0, stderr: "" });
});

test.each([
  ["is no repository", tree],
  ["lies in somebody else's repository", async () => treeInside(await repository(`${longest}y`))],
  ["is a repository without commits", repository],
])("a folder that %s is skipped, and a sentence says so", async (_, make) => {
  expect(await check(await make())).toMatchObject({
    exitCode: 0,
    stdout: "check-commits: skipped, because git shows no commits of this folder",
  });
});

async function treeInside(folder: string): Promise<string> {
  const inner = join(folder, "unpacked");
  await mkdir(join(inner, "scripts"), { recursive: true });
  await cp(script, join(inner, "scripts/check-commits"));
  return inner;
}
