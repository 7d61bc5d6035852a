import { KubespanError } from "../base/index.ts";
import { readTextFile } from "./read-file.ts";

/** Throws `KubespanError("config")` when there is no such file or it cannot be read. What is in it is not looked at. */
export async function readPem(path: string): Promise<Buffer> {
  const hint = "give a PEM file that this user may read";
  const file = await readTextFile(path, { largest: 1024 * 1024, code: "config", hint });
  if (!file) throw new KubespanError("config", `${path} does not exist`, { hint });
  return Buffer.from(file.text);
}
