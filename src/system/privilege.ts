import { readTextFile } from "./read-file.ts";

/** The capabilities that are checked, by their numbers in the kernel's include/uapi/linux/capability.h. */
const capabilities = { net_admin: 12 } as const;

export type Capability = keyof typeof capabilities;

/** The capabilities that are missing from the process with this /proc/PID/status. */
export function missingIn(status: string, wanted: readonly Capability[]): readonly Capability[] {
  const effective = BigInt(`0x${/^CapEff:\s+([0-9a-f]+)$/m.exec(status)?.[1] ?? "0"}`);
  return wanted.filter((name) => ((effective >> BigInt(capabilities[name])) & 1n) === 0n);
}

/** The number of bytes of /proc/self/status that are read at most. It has about 1,500. */
const largestStatus = 64 * 1024;

/** The capabilities that this process does not have. Even root may lack some, in a namespace of its own. */
export async function missingCapabilities(...wanted: readonly Capability[]): Promise<readonly Capability[]> {
  const hint = "is /proc mounted?";
  const found = await readTextFile("/proc/self/status", { largest: largestStatus, code: "privilege", hint });
  return missingIn(found?.text ?? "", wanted);
}
