/**
 * The interval, in nanoseconds, to which WireGuard rounds the time in an initiation, so that it does not reveal our
 * clock. It is a power of two below a fiftieth of a second, the pace at which a peer accepts initiations.
 */
const slotNanoseconds = 2n ** 24n;
const perSecond = 1_000_000_000n;
/** TAI64's epoch with the ten seconds by which TAI was ahead of UTC in 1970. Later leap seconds are not counted. */
const epoch = 2n ** 62n + 10n;

/**
 * A TAI64N time of 12 bytes, rounded down as WireGuard does. `now` is in milliseconds since 1970. A peer ignores an
 * initiation whose stamp is not greater than the last one it saw. `undefined` if this stamp would not be greater than
 * `last`: then the time has to pass, because a stamp in the future would lock out WireGuard's own initiations.
 */
export function timestamp(now: number, last: Uint8Array | undefined): Uint8Array | undefined {
  const nanoseconds = BigInt(Math.floor(now)) * 1_000_000n;
  const part = nanoseconds % perSecond;
  const stamp = Buffer.alloc(12);
  stamp.writeBigUInt64BE(epoch + nanoseconds / perSecond);
  stamp.writeUInt32BE(Number(part - (part % slotNanoseconds)), 8);
  return last && Buffer.compare(stamp, last) <= 0 ? undefined : new Uint8Array(stamp);
}
