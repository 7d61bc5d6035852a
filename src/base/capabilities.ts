import { parseNumber } from "./number.ts";

/** The capabilities that matter here, by their numbers in the kernel's include/uapi/linux/capability.h. */
const numbers = { net_admin: 12n } as const;

export type Capability = keyof typeof numbers;

/** Parses the effective capabilities in `/proc/PID/status`. */
export const parseCapabilities = (status: string): bigint | undefined =>
  parseNumber(`0x${/^CapEff:\s+([0-9a-f]{1,16})$/m.exec(status)?.[1] ?? ""}`);

/** Tells whether a capability is in the set. */
export const hasCapability = (set: bigint, name: Capability): boolean => ((set >> numbers[name]) & 1n) === 1n;
