import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { KubespanError } from "../../base/index.ts";
import { runProcess } from "../../system/index.ts";
import type { ReportFile } from "./gather.ts";

const timeoutMs = 60_000;

/** Packs files into a compressed archive that only its owner can read. Throws `KubespanError("command")` if tar fails. */
export async function packArchive(
  archive: string,
  name: string,
  files: readonly ReportFile[],
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "kubespan-report-")); // its mode is 0700
  try {
    for (const file of files) {
      const path = join(folder, name, file.name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, file.text);
    }
    await writeFile(archive, "", { mode: 0o600, flag: "wx" }).catch((error: unknown) => {
      throw new KubespanError("usage", `cannot make ${archive}: ${String(error)}`, {
        hint: "name another file with --file",
        cause: error,
      });
    });
    const ended = await runProcess("tar", ["-czf", archive, "-C", folder, name], timeoutMs);
    if (ended.exitCode !== 0)
      throw new KubespanError("command", `tar failed: ${ended.stderr.trim() || (ended.startError ?? "")}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
