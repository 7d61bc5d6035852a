import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { startDetached } from "../../../src/system/start-detached.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { thrownBy } from "../thrown-by.ts";

const device = "/dev/null";

test("one that ends for want of a device: which, and what to do", async () => {
  const folder = await temporaryFolder();
  const start = (path: string) =>
    thrownBy(startDetached("sh", ["-c", "exit 1"], { readyFile: join(folder, "ready"), device: path }));
  expect((await start(join(folder, "tun"))).message).toMatch(
    /ended at once: \/.*\/tun is missing: load the module tun/,
  );
  expect((await start(folder)).message).toMatch(/ended at once: .* cannot be opened \(EISDIR\)$/);
});

test("a process of its own session is there once its file is; a left-over file does not count", async () => {
  const ready = join(await temporaryFolder(), "ready");
  await writeFile(ready, "of a predecessor");
  await startDetached("sh", ["-c", 'echo $$ >"$0.new"; mv "$0.new" "$0"; exec sleep 1000', ready], {
    readyFile: ready,
    device,
  });
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
  const start = (script: string) =>
    thrownBy(startDetached("sh", ["-c", script], { readyFile: ready, device }));
  expect((await start("exit 3")).message).toMatch(/ended at once: it ended with 3$/);
  expect((await start("kill -TERM $$")).message).toMatch(/ended at once: it ended with SIGTERM$/);
});

test("one that is missing: which package has it", async () => {
  const readyFile = join(await temporaryFolder(), "ready");
  const error = await thrownBy(startDetached("no-such-daemon", [], { readyFile, device }));
  expect(error.message).toBe("no-such-daemon is not installed");
});

test("a file that cannot be removed: what to do", async () => {
  const readyFile = await temporaryFolder(); // a folder, as root may remove every file
  const error = await thrownBy(startDetached("true", [], { readyFile, device }));
  expect(error).toMatchObject({
    code: "command",
    message: expect.stringContaining(`${readyFile} is in the way`),
  });
});
