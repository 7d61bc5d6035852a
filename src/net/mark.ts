import { hexText, wordOf } from "../base/index.ts";

/** Every number here is one of 32 bits, without a sign. */
export const everyBit = 0xffffffff;

/** Bits of the packet mark, each a non-zero 32-bit number; the mask is both together. */
export interface Marks {
  /** Set on packets that WireGuard itself emits. */
  readonly fromWireGuard: number;
  /** Set on packets that are to be sent into WireGuard. */
  readonly toWireGuard: number;
}

/** The bits that are the mesh's. */
export const maskOf = ({ fromWireGuard, toWireGuard }: Marks): number => (fromWireGuard | toWireGuard) >>> 0;

/** Of a mark, only the bits of `mask` count. */
export interface MaskedMark {
  readonly value: number;
  readonly mask: number;
}

/** The mark of what is to be sent into WireGuard. */
export const steeredMark = (marks: Marks): MaskedMark => ({ value: marks.toWireGuard, mask: maskOf(marks) });

/** As tools have them apart. Without a mask all bits count; what cannot be read as a value is taken for none. */
export const maskedMark = (value: unknown, mask: unknown): MaskedMark => ({
  value: wordOf(value) ?? 0,
  mask: wordOf(mask) ?? everyBit,
});

/** `VALUE` or `VALUE/MASK`; read as by `maskedMark`. */
export function parseMaskedMark(text: string): MaskedMark {
  const [value, mask] = text.split("/", 2);
  return maskedMark(value, mask);
}

/** `0x40/0x60`. */
export const maskedText = ({ value, mask }: MaskedMark): string => `${hexText(value)}/${hexText(mask)}`;

/** The bits that whoever compares with it looks at. Compared as a whole, a mark tells only of the bits that it has. */
export const bitsRead = ({ value, mask }: MaskedMark): number => (mask === everyBit ? value : mask);
