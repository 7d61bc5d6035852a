import { readTextFile } from "./read-file.ts";

/** What the kernel may ask of a process, by the numbers of its include/uapi/linux/capability.h. */
const capabilities = { net_admin: 12 } as const;

export type Capability = keyof typeof capabilities;

/** Which of these capabilities the process with this /proc/PID/status does not have. */
export function missingIn(status: string, wanted: readonly Capability[]): readonly Capability[] {
  const effective = BigInt(`0x${/^CapEff:\s+([0-9a-f]+)$/m.exec(status)?.[1] ?? "0"}`);
  return wanted.filter((name) => ((effective >> BigInt(capabilities[name])) & 1n) === 0n);
}

/** The size of /proc/self/status that is read at most, in bytes; it has about 1,500. */
const largestStatus = 64 * 1024;

/** Which of these capabilities this process does not have; root in a namespace of its own may lack some, too. */
export async function missingCapabilities(...wanted: readonly Capability[]): Promise<readonly Capability[]> {
  const hint = "is /proc mounted?";
  const found = await readTextFile("/proc/self/status", { largest: largestStatus, code: "privilege", hint });
  return missingIn(found?.text ?? "", wanted);
}
