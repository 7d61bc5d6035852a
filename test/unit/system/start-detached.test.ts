import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { startDetached } from "../../../src/system/start-detached.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { thrownBy } from "../thrown-by.ts";

test("a process of its own session is there once its file is; a left-over file does not count", async () => {
  const ready = join(await temporaryFolder(), "ready");
  await writeFile(ready, "of a predecessor");
  await startDetached("sh", ["-c", 'echo $$ >"$0.new"; mv "$0.new" "$0"; exec sleep 1000', ready], ready);
  const pid = Number(await readFile(ready, "utf8"));
  onTestFinished(() => void process.kill(pid, "SIGKILL"));
  const [, , , , session] = (await readFile(`/proc/${pid}/stat`, "utf8"))
    .replace(/\(.*\)/s, "x")
    .split(" ")
    .slice(1);
  expect(Number(session)).toBe(pid);
});

test("one that ends at once: how", async () => {
  const ready = join(await temporaryFolder(), "ready");
  const start = (script: string) => thrownBy(startDetached("sh", ["-c", script], ready));
  expect((await start("exit 3")).message).toMatch(/ended at once: it ended with 3$/);
  expect((await start("kill -TERM $$")).message).toMatch(/ended at once: it ended with SIGTERM$/);
});

test("one that is missing: which package has it", async () => {
  const error = await thrownBy(startDetached("no-such-daemon", [], join(await temporaryFolder(), "ready")));
  expect(error.message).toBe("no-such-daemon is not installed");
});
