/** What WireGuard has received of a peer by its own counter, and when that last grew, in milliseconds. */
export interface Received {
  readonly bytes: number;
  readonly at?: number;
}

/** What one poll adds to it. A counter that went back was started again. */
export function receive(before: Received | undefined, bytes: number, now: number): Received {
  if (before === undefined) return { bytes, ...(bytes > 0 && { at: now }) };
  return before.bytes === bytes ? before : { bytes, ...(bytes > before.bytes && { at: now }) };
}
