import { hexText, wordOf } from "../base/index.ts";

/** The mask of a whole mark. All numbers in this file have 32 bits and no sign. */
export const everyBit = 0xffffffff;

/** The two bits of the packet mark, each as a non-zero 32-bit number. The mask is both together. */
export interface Marks {
  /** The bit on packets that WireGuard itself emits. */
  readonly fromWireGuard: number;
  /** The bit on packets that are to be sent into WireGuard. */
  readonly toWireGuard: number;
}

/** The mask of the bits that belong to the mesh. */
export const maskOf = ({ fromWireGuard, toWireGuard }: Marks): number => (fromWireGuard | toWireGuard) >>> 0;

/** A mark of which only the bits in `mask` count. */
export interface MaskedMark {
  readonly value: number;
  readonly mask: number;
}

/** The mark of packets that are to be sent into WireGuard. */
export const steeredMark = (marks: Marks): MaskedMark => ({ value: marks.toWireGuard, mask: maskOf(marks) });

/**
 * Reads a value and a mask that a tool prints apart. Without a mask all bits count. A value that cannot be read is 0.
 */
export const maskedMark = (value: unknown, mask: unknown): MaskedMark => ({
  value: wordOf(value) ?? 0,
  mask: wordOf(mask) ?? everyBit,
});

/** Reads `VALUE` or `VALUE/MASK`, as `maskedMark` does. */
export function parseMaskedMark(text: string): MaskedMark {
  const [value, mask] = text.split("/", 2);
  return maskedMark(value, mask);
}

/** Writes a mark with its mask: `0x40/0x60`. */
export const maskedText = ({ value, mask }: MaskedMark): string => `${hexText(value)}/${hexText(mask)}`;

/**
 * The bits that decide a comparison. A mark that is compared as a whole collides only if its value has bits of the
 * mesh.
 */
export const bitsRead = ({ value, mask }: MaskedMark): number => (mask === everyBit ? value : mask);
