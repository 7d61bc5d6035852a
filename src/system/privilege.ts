import { type Capability, hasCapability, parseCapabilities } from "../base/index.ts";
import { readTextFile } from "./read-file.ts";

/** The capabilities that are missing from the process with this /proc/PID/status. */
export function missingIn(status: string, wanted: readonly Capability[]): readonly Capability[] {
  const effective = parseCapabilities(status) ?? 0n;
  return wanted.filter((name) => !hasCapability(effective, name));
}

/** The number of bytes of /proc/self/status that are read at most. It has about 1,500. */
const largestStatus = 64 * 1024;

/** The capabilities that this process does not have. Even root may lack some, in a namespace of its own. */
export async function missingCapabilities(...wanted: readonly Capability[]): Promise<readonly Capability[]> {
  const hint = "is /proc mounted?";
  const found = await readTextFile("/proc/self/status", { largest: largestStatus, code: "privilege", hint });
  return missingIn(found?.text ?? "", wanted);
}
