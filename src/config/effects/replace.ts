import { chown, stat } from "node:fs/promises";
import { writeAtomically } from "../../system/index.ts";

/** Replaces a configuration as a whole. It keeps its owner, who may be the user of the service, and its mode. */
export async function replaceConfig(file: string, text: string): Promise<void> {
  const { uid, gid, mode } = await stat(file);
  await writeAtomically(file, text, { mode: mode & 0o777, owner: "writer" });
  if (process.geteuid?.() === 0) await chown(file, uid, gid);
}
