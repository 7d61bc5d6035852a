import { readFileSync } from "node:fs";
import type * as FileSystem from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { ledgerText, openLedger } from "../../../src/members/ledger.ts";
import { writeAtomically } from "../../../src/system/index.ts";
import { key } from "../discovery/samples.ts";
import { temporaryFolder } from "../temporary-folder.ts";

/** What was done with files, in order: a power cut loses what was not synchronized before it. */
const done = vi.hoisted((): string[] => []);
/** Called after each of these steps: a process that is killed there leaves what is to be seen then. */
const killed = vi.hoisted(() => ({ look: (): void => undefined }));

const note =
  (step: string) =>
  <Result>(result: Result): Result => {
    done.push(step);
    killed.look();
    return result;
  };

vi.mock("node:fs/promises", async (original) => {
  const real = await original<typeof FileSystem>();
  const open: typeof real.open = async (path, ...rest) => {
    const file = await real.open(path, ...rest);
    const name = String(path).endsWith(".tmp") ? "file" : "folder";
    const [write, sync, close] = [file.writeFile.bind(file), file.sync.bind(file), file.close.bind(file)];
    file.writeFile = (...args) => write(...args).then(note(`write ${name}`));
    file.sync = () => sync().then(note(`sync ${name}`));
    file.close = () => close().then(note(`close ${name}`));
    return note(`open ${name}`)(file);
  };
  const rename: typeof real.rename = (from, to) => real.rename(from, to).then(note("rename"));
  const writeFile: typeof real.writeFile = (...args) => real.writeFile(...args).then(note("write in place"));
  return { ...real, open, rename, writeFile };
});

afterEach(() => {
  done.splice(0);
  killed.look = () => undefined;
});

test("a file is on the disk before its name is, and the name before the write is over", async () => {
  await writeAtomically(join(await temporaryFolder(), "members.json"), "whole", { mode: 0o600 });
  expect(done.filter((step) => !/open|close/.test(step))).toEqual([
    "write file",
    "sync file",
    "rename",
    "sync folder",
  ]);
});

test("a process that is killed after any step leaves a whole ledger, of before or of after", async () => {
  const file = join(await temporaryFolder(), "members.json");
  const cluster = { id: "a cluster", secret: key };
  const write = (savedAt: number): Promise<void> =>
    writeAtomically(file, ledgerText(cluster, new Map(), savedAt).text, { mode: 0o600 });
  await write(1);
  const seen: unknown[] = [];
  killed.look = () => {
    const found = openLedger(cluster, "self", readFileSync(file, "utf8"));
    seen.push("refused" in found ? found.refused : found.savedAt);
  };
  await write(2);
  const after = seen.indexOf(2);
  expect(after).toBeGreaterThan(3);
  expect(seen).toEqual(seen.map((_, at) => (at < after ? 1 : 2)));
});
