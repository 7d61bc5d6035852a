import { chmod, chown, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { beforeEach, expect, test } from "vitest";
import { temporaryFolder } from "../temporary-folder.ts";

const nobody = 65534;
const source = new URL("../../../src/system/compiled.ts", import.meta.url).pathname;
const compilers = new URL("../../../src/system/thrifty.ts", import.meta.url).pathname;

let state: string;
let program: string;

beforeEach(async () => {
  state = join(await temporaryFolder(), "state");
  await mkdir(state, { mode: 0o700 });
  program = join(await temporaryFolder(), "program.cjs");
  await writeFile(program, `module.exports = () => ${JSON.stringify("an answer ".repeat(50))}.trim();\n`);
});

/** Starts a process that uses the folder, loads the program, and keeps what it compiled if it gets that far. */
async function start(isWhole = true, optimizes = true): Promise<string> {
  const code = `
    import { createRequire } from "node:module";
    import { keepCompiled, useCompiled } from ${JSON.stringify(source)};
    import { stopOptimizing } from ${JSON.stringify(compilers)};
    useCompiled(${JSON.stringify(state)}, ${JSON.stringify(program)});
    console.log(createRequire("/")(${JSON.stringify(program)})());
    if (!${optimizes}) stopOptimizing();
    if (${isWhole}) keepCompiled();
  `;
  const { stdout } = await execa(process.execPath, ["--input-type=module", "-e", code]);
  return stdout;
}

const folder = (): string => join(state, "compiled");
const kept = async (): Promise<string[]> => {
  const entries = await readdir(folder(), { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile() && entry.name !== "complete")
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
};
const contents = async (): Promise<Buffer[]> => Promise.all((await kept()).map((file) => readFile(file)));
const answer = "an answer ".repeat(50).trim();

test("what a start compiled is kept where only this user looks, and the next start takes it as it is", async () => {
  expect(await start()).toBe(answer);
  expect((await stat(folder())).mode & 0o777).toBe(0o700);
  const files = await kept();
  expect(files.length).toBeGreaterThan(0);
  const before = await Promise.all(files.map((file) => stat(file)));
  expect(await start()).toBe(answer);
  expect(await kept()).toEqual(files);
  const after = await Promise.all(files.map((file) => stat(file)));
  expect(after.map(({ ino }) => ino)).toEqual(before.map(({ ino }) => ino));
});

test("what is kept after V8 stopped optimizing is taken by a start that has not stopped yet", async () => {
  expect(await start(true, false)).toBe(answer);
  const before = await contents();
  expect(before.length).toBeGreaterThan(0);
  expect(await start()).toBe(answer);
  expect(await contents()).toEqual(before);
});

test.each([
  ["cut off", (data: Buffer) => data.subarray(0, data.length / 2)],
  ["empty", () => Buffer.of()],
  ["with other bytes in it", (data: Buffer) => data.map((byte, at) => (at > 60 ? byte ^ 0x55 : byte))],
  ["something else", () => Buffer.alloc(4096, "x")],
])("a file that is %s does not matter", async (_, damage) => {
  await start();
  for (const file of await kept()) await writeFile(file, damage(await readFile(file)));
  expect(await start()).toBe(answer);
});

test("what another program or a start that ended early left is thrown away", async () => {
  await start();
  const whole = await contents();
  await writeFile(program, "module.exports = () => 'another';\n");
  expect(await start(false)).toBe("another");
  expect(await readdir(folder())).not.toContain("complete");
  const stray = join(folder(), "stray");
  await writeFile(stray, "");
  expect(await start()).toBe("another");
  expect(await readdir(folder())).toContain("complete");
  expect(await kept()).not.toContain(stray);
  expect(await contents()).not.toEqual(whole);
});

test.each<[string, () => Promise<void>]>([
  ["belongs to somebody else", () => mkdir(folder()).then(() => chown(folder(), nobody, nobody))],
  ["others may write to", () => mkdir(folder()).then(() => chmod(folder(), 0o777))],
  ["is a link", () => mkdir(join(state, "other")).then(() => symlink("other", folder()))],
  ["lies in a folder that others may write to", () => chmod(state, 0o777)],
  ["lies in a folder of somebody else", () => chown(state, nobody, nobody)],
  ["lies below a folder that others may replace", () => chmod(join(state, ".."), 0o777)],
  ["lies in a state folder that is not there", () => rm(state, { recursive: true })],
])("a folder that %s is not used, and the program starts", async (_, prepare) => {
  await prepare();
  expect(await start()).toBe(answer);
  expect(await kept()).toEqual([]);
});
