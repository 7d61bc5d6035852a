import { createHash } from "node:crypto";
import { z } from "zod";
import { readJson, valueOf } from "../base/index.ts";

/** The properties, in lower case, that tell one machine from another. A property that cannot be read is absent. */
export interface Machine {
  /** The content of /etc/machine-id, which is made when the system is installed. */
  readonly machineId?: string;
  /** The UUID in the firmware. A hypervisor gives each machine its own. */
  readonly productUuid?: string;
  /** The hardware address of the first physical link. */
  readonly hardwareAddress?: string;
}

const names = {
  machineId: "the machine id",
  productUuid: "the product UUID of the firmware",
  hardwareAddress: "the hardware address",
} as const;
const fields = Object.keys(names) as (keyof Machine)[];

/** The first 16 bytes of a hash, in base64. A reader learns whether it is the same machine, and nothing else. */
export function machineTag(machine: Machine): string {
  const known = fields.map((field) => machine[field] ?? "");
  if (known.every((text) => text === "")) return "";
  const digest = createHash("sha256")
    .update(JSON.stringify(["kubespan machine v1", ...known]))
    .digest();
  return digest.subarray(0, 16).toString("base64");
}

/** The differences between two machines, in words. A property that could not be read then or now is no difference. */
export const differences = (before: Machine, now: Machine): string[] =>
  fields
    .filter((field) => before[field] !== undefined && now[field] !== undefined)
    .filter((field) => before[field] !== now[field])
    .map((field) => names[field]);

/** The properties to keep: one that cannot be read now keeps its former value. */
export const remembered = (before: Machine, now: Machine): Machine => ({ ...before, ...now });

const stored = z.strictObject({
  version: z.literal(1),
  machineId: z.string().max(128).optional(),
  productUuid: z.string().max(128).optional(),
  hardwareAddress: z.string().max(128).optional(),
});

export const machineText = (machine: Machine): string =>
  `${JSON.stringify({ version: 1, ...machine }, null, 2)}\n`;

/** Parses the text of the file; `undefined` for text that `machineText` does not write. */
export function parseMachine(text: string): Machine | undefined {
  const found = valueOf(readJson(text, stored));
  if (!found) return undefined;
  const { machineId, productUuid, hardwareAddress } = found;
  return {
    ...(machineId !== undefined && { machineId }),
    ...(productUuid !== undefined && { productUuid }),
    ...(hardwareAddress !== undefined && { hardwareAddress }),
  };
}
