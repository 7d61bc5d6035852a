import { fork } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { ledgerText, openLedger } from "../../../src/members/ledger.ts";
import { writeAtomically } from "../../../src/system/index.ts";
import { key } from "../discovery/samples.ts";
import { temporaryFolder } from "../temporary-folder.ts";

/** What was done with files, in order: a crash loses what was not synchronized before it. */
const done = vi.hoisted((): string[] => []);

vi.mock("node:fs/promises", async (original) => {
  const real = await original<typeof import("node:fs/promises")>();
  const open: typeof real.open = async (path, ...rest) => {
    const file = await real.open(path, ...rest);
    const name = String(path).endsWith(".tmp") ? "file" : "folder";
    const [write, sync] = [file.writeFile.bind(file), file.sync.bind(file)];
    file.writeFile = (...args) => write(...args).finally(() => done.push(`write ${name}`));
    file.sync = () => sync().finally(() => done.push(`sync ${name}`));
    return file;
  };
  const rename: typeof real.rename = (from, to) => real.rename(from, to).finally(() => done.push("rename"));
  return { ...real, open, rename };
});

afterEach(() => void done.splice(0));

test("a file is on the disk before its name is, and the name before the write is over", async () => {
  await writeAtomically(join(await temporaryFolder(), "members.json"), "whole", { mode: 0o600 });
  expect(done).toEqual(["write file", "sync file", "rename", "sync folder"]);
});

test("a process that is killed at any moment of its writing leaves a whole ledger, of before or of after", async () => {
  const folder = await temporaryFolder();
  const file = join(folder, "members.json");
  const cluster = { id: "a cluster", secret: key };
  await writeAtomically(file, ledgerText(cluster, [], 0), { mode: 0o600 });
  const seen = new Set<number>();
  for (let round = 0; round < 6; round++) {
    const writer = fork(join(import.meta.dirname, "ledger-writer.ts"), [file, String(seen.size)]);
    let left = 1 + round; // kills meet another moment each time
    for (; left > 0; left--) await once(writer, "message");
    const ended = once(writer, "exit");
    writer.kill("SIGKILL");
    await ended;
    const found = openLedger(cluster, "self", await readFile(file, "utf8"));
    if ("refused" in found) expect.fail(`round ${round}: ${found.refused}`);
    seen.add(found.savedAt);
  }
  expect(seen.size).toBeGreaterThan(1);
  // What was cut short lies beside it under names that nobody reads.
  expect((await readdir(folder)).filter((name) => !name.startsWith("."))).toEqual(["members.json"]);
});
