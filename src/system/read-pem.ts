import { KubespanError } from "../base/index.ts";
import { readTextFile } from "./read-file.ts";

/**
 * Reads a PEM file without a look at its contents. Throws `KubespanError("config")` if there is no such file or it
 * cannot be read.
 */
export async function readPem(path: string): Promise<Buffer> {
  const hint = "give a PEM file that this user may read";
  const file = await readTextFile(path, { largest: 1024 * 1024, code: "config", hint });
  if (!file) throw new KubespanError("config", `${path} does not exist`, { hint });
  return Buffer.from(file.text);
}
