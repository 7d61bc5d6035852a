import { type Address, endpointAddress } from "../net/index.ts";
import type { ObservedPeer } from "../wireguard/index.ts";
import type { Path } from "./path.ts";
import type { PeerSpec } from "./spec.ts";
import { keepaliveTimings, raceTimings } from "./timings.ts";

/** Data that was sent to a peer that had been quiet, and has not been answered yet. Times in milliseconds. */
interface Pending {
  /** The polls between which it was sent. */
  readonly after: number;
  readonly seenAt: number;
  /** The time for which nothing had been received before. */
  readonly idleMs: number;
}

/**
 * What is learnt of how long the path to a peer stays open while nothing is sent. A NAT on the way may forget it sooner
 * than WireGuard's keepalives come: then data that is sent after a pause is lost, until the peer is heard at the same
 * address again, from where nothing but its own keepalive has opened the path.
 */
export interface Keepalive {
  /** The address at which the peer is; elsewhere, nothing of this holds. */
  readonly address?: Address;
  /** The interval that was found to be needed there; absent where the configured one will do. */
  readonly seconds?: number;
  readonly polledAt: number;
  readonly heardAt: number;
  readonly receivedBytes: number;
  readonly sentBytes: number;
  readonly pending?: Pending;
}

/** The questions to a doubted peer, and the answers. */
interface Asked {
  readonly asked: number;
  readonly answered: number;
}

/** What one poll adds. */
export function learn(
  before: Keepalive | undefined,
  observed: ObservedPeer | undefined,
  asked: Asked | undefined,
  now: number,
): Keepalive | undefined {
  if (observed?.endpoint === undefined) return before;
  const address = endpointAddress(observed.endpoint);
  const { receivedBytes, sentBytes } = observed;
  const seen = { address, polledAt: now, receivedBytes, sentBytes };
  if (before?.address !== address || receivedBytes < before.receivedBytes || sentBytes < before.sentBytes)
    return { ...(before?.address === address && kept(before)), ...seen, heardAt: now };
  const { pending, heardAt } = before;
  if (receivedBytes > before.receivedBytes) {
    const needed =
      pending && isForgotten(pending, before.polledAt, asked, now) ? neededSeconds(pending) : undefined;
    const seconds = Math.min(before.seconds ?? Number.POSITIVE_INFINITY, needed ?? Number.POSITIVE_INFINITY);
    return { ...seen, heardAt: now, ...(Number.isFinite(seconds) && { seconds }) };
  }
  const isNew = !pending && isData(sentBytes - before.sentBytes);
  const sent = isNew ? { after: before.polledAt, seenAt: now, idleMs: before.polledAt - heardAt } : pending;
  return { ...kept(before), ...seen, heardAt, ...(sent && { pending: sent }) };
}

interface Circumstances {
  readonly spec: Pick<PeerSpec, "goesBack">;
  /** The configured interval. */
  readonly keepaliveSeconds: number;
  /** The time at which this node last lost an address. */
  readonly shakenAt: number | undefined;
}

/**
 * The seconds between two packets to a peer. One that goes back to an endpoint of before follows the next packet from here
 * to where this node is now. Until then all that it sends is lost, and this node has nothing to answer: so what it may
 * have gone back from, after the path changed or this node lost an address, gets a packet often.
 */
export function intervalFor(
  { keepalive, path }: { readonly keepalive?: Keepalive | undefined; readonly path: Path | undefined },
  { spec, keepaliveSeconds, shakenAt }: Circumstances,
): number {
  const isElsewhere = shakenAt !== undefined || (path !== undefined && path.changes > 0);
  const most = spec.goesBack && isElsewhere ? keepaliveTimings.leastSeconds : keepaliveSeconds;
  return Math.min(most, keepaliveSeconds, keepalive?.seconds ?? keepaliveSeconds);
}

const kept = ({ seconds }: Keepalive): Pick<Keepalive, "seconds"> =>
  seconds === undefined ? {} : { seconds };

/**
 * Whether the path was closed when the data was sent, and open when the peer was heard again. A receiver that has
 * nothing to say answers data after 10 s: what is heard then is no sign of a loss.
 */
function isForgotten(
  { after, seenAt, idleMs }: Pending,
  silentAt: number,
  asked: Asked | undefined,
  now: number,
): boolean {
  const { leastIdleMs, unansweredMs, soonestAnswerMs, latestAnswerMs } = keepaliveTimings;
  if (idleMs < leastIdleMs) return false;
  const [least, most] = [silentAt - seenAt, now - after];
  if (least < unansweredMs) return false;
  if (asked && asked.asked >= raceTimings.roundsToCurrent && asked.answered === 0) return true;
  return most < soonestAnswerMs || least > latestAnswerMs;
}

/** Half of the pause after which the path was closed: it may have closed any time before. */
const neededSeconds = ({ idleMs }: Pending): number =>
  Math.max(keepaliveTimings.leastSeconds, Math.floor(idleMs / 2000));

/** The bytes of keepalives and handshakes, and of those that come together. */
const upkeepBytes = new Set([0, 32, 64, 92, 124, 148, 180, 240, 272, 296, 328]);
const isData = (bytes: number): boolean => !upkeepBytes.has(bytes);
