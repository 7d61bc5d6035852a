import { readFileSync } from "node:fs";

/** What the kernel may ask of a process, by the numbers of its include/uapi/linux/capability.h. */
const capabilities = { net_admin: 12 } as const;

export type Capability = keyof typeof capabilities;

/** Which of these capabilities the process with this /proc/PID/status does not have. */
export function missingIn(status: string, wanted: readonly Capability[]): readonly Capability[] {
  const effective = BigInt(`0x${/^CapEff:\s+([0-9a-f]+)$/m.exec(status)?.[1] ?? "0"}`);
  return wanted.filter((name) => ((effective >> BigInt(capabilities[name])) & 1n) === 0n);
}

/** Which of these capabilities this process does not have; root in a namespace of its own may lack some, too. */
export const missingCapabilities = (...wanted: readonly Capability[]): readonly Capability[] =>
  missingIn(readFileSync("/proc/self/status", "utf8"), wanted);
