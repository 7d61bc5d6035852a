import { isPrintable, printable } from "../base/index.ts";
import type { LeftOut } from "../net/index.ts";

/** The largest lengths in characters that other nodes accept. */
const longest = { "host name": 253, "operating system": 256 } as const;

/**
 * A name of this node as it is announced. A machine may have any name, such as one with a Latin-1 byte or a zero-width
 * space, and other nodes refuse an affiliate with characters that cannot be shown. So those become `?`, and `leftOut` says
 * so.
 */
export function announcedName(kind: keyof typeof longest, text: string, leftOut: LeftOut[]): string {
  const shown = printable(text.slice(0, longest[kind]), longest[kind]);
  if (shown === text) return text;
  const reason = isPrintable(text)
    ? `announced without what exceeds ${longest[kind]} characters`
    : "it holds characters that cannot be shown; they are announced as ?";
  leftOut.push({ value: `${kind} "${shown}"`, reason });
  return shown;
}
