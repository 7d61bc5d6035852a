import type { Secret } from "../base/index.ts";
import type { Endpoint } from "../net/index.ts";
import type { Affiliate } from "./affiliate.ts";
import { decodeAffiliate } from "./decode.ts";
import { encodeAffiliate } from "./encode.ts";
import { sealEndpoint } from "./envelope.ts";
import { limits } from "./limits.ts";
import type { Announcement } from "./registry.ts";
import { nonceBytes, sealData } from "./seal.ts";
import { isNodeId } from "./text.ts";

/** The length that an encoded affiliate may have, in bytes. A service accepts no more once it is sealed. */
export const mostAffiliateBytes = limits.dataBytes - nonceBytes - 16;

/** The length of an affiliate once it is encoded, in bytes. */
export const affiliateBytes = (affiliate: Affiliate): number => encodeAffiliate(affiliate).length;

/** One sealed update of one affiliate. Equal content is the same object. */
export interface Update {
  readonly affiliateId: string;
  /** The sealed affiliate; absent in an update that only adds observed endpoints to another node's affiliate. */
  readonly data?: Uint8Array;
  readonly endpoints: readonly Uint8Array[];
  /** The content before sealing, by which changes are found. */
  readonly content: string;
}

/** An announcement that is ready to be sent: the own update first, then one for each observed node. */
export interface Publication {
  readonly updates: readonly Update[];
  /** The parts that a service would refuse, which are therefore not sent, in words. */
  readonly leftOut: readonly string[];
}

/** Gives so many random bytes. */
export type RandomBytes = (size: number) => Uint8Array;

/**
 * Seals an announcement. Updates that did not change since `previous` keep their bytes, so that a refresh tells the
 * service nothing new and wakes no watcher.
 */
export function sealAnnouncement(
  key: Secret,
  announcement: Announcement,
  previous: Publication | undefined,
  random: RandomBytes,
): Publication {
  const known = new Map(previous?.updates.map((update) => [update.affiliateId, update]));
  const leftOut: string[] = [];
  const seal = (id: string, endpoints: readonly Endpoint[], plain?: Uint8Array): Update => {
    const kept = bounded(endpoints, id, leftOut);
    const content = JSON.stringify([plain && Buffer.from(plain).toString("base64"), kept]);
    const before = known.get(id);
    if (before?.content === content) return before;
    return {
      affiliateId: id,
      ...(plain && { data: sealData(key, random(nonceBytes), plain) }),
      endpoints: kept.map((endpoint) => sealEndpoint(key, endpoint)),
      content,
    };
  };
  const updates = [
    ...ownUpdates(announcement, seal, leftOut),
    ...observedUpdates(announcement, seal, leftOut),
  ];
  return { updates, leftOut };
}

/** Makes one update; `plain` is the encoded affiliate. */
type SealUpdate = (id: string, endpoints: readonly Endpoint[], plain?: Uint8Array) => Update;

function ownUpdates({ own }: Announcement, seal: SealUpdate, leftOut: string[]): Update[] {
  const plain = encodeAffiliate(own);
  leftOut.push(...refusedByOthers(own, plain));
  if (plain.length <= mostAffiliateBytes) return [seal(own.nodeId, own.kubespan?.endpoints ?? [], plain)];
  leftOut.push(
    `this node is not announced: its names and excluded networks take ${plain.length} bytes, and a service accepts ` +
      `${mostAffiliateBytes}; exclude fewer or wider networks (excludeAdvertisedNetworks)`,
  );
  return [];
}

/**
 * What the other nodes refuse of an affiliate, by the rules by which this node judges theirs. A node that is refused has
 * no tunnel through which anybody could tell it.
 */
function refusedByOthers(own: Affiliate, plain: Uint8Array): readonly string[] {
  const judged = decodeAffiliate(plain, own.kubespan?.endpoints ?? []);
  if ("refused" in judged) return [`the other nodes refuse this node: ${judged.refused}`];
  return judged.dropped.map((reason) => `the other nodes leave out of what this node announces: ${reason}`);
}

function observedUpdates(announcement: Announcement, seal: SealUpdate, leftOut: string[]): Update[] {
  const others = [...announcement.observed].filter(
    ([id, endpoints]) => id !== announcement.own.nodeId && isNodeId(id) && endpoints.length > 0,
  );
  if (others.length > limits.affiliatesPerCluster)
    leftOut.push(`endpoints observed of more than ${limits.affiliatesPerCluster} nodes`);
  return others.slice(0, limits.affiliatesPerCluster).map(([id, endpoints]) => seal(id, endpoints));
}

/** The publication without this node's own update, so that only observed endpoints of others remain. */
export const withoutOwn = ({ updates, leftOut }: Publication): Publication => ({
  updates: updates.filter(({ data }) => data === undefined),
  leftOut,
});

/** Tells whether two publications have the same updates. */
export const isSamePublication = (one: Publication, other: Publication): boolean =>
  one.updates.length === other.updates.length &&
  one.updates.every((update, index) => update === other.updates[index]);

function bounded(endpoints: readonly Endpoint[], id: string, leftOut: string[]): readonly Endpoint[] {
  const most = limits.endpointsPerAffiliate;
  if (endpoints.length > most) leftOut.push(`${endpoints.length - most} endpoints of ${id}: over ${most}`);
  return endpoints.slice(0, most);
}

/** The time at which each update was last accepted, in milliseconds on the caller's clock. */
export type Sent = ReadonlyMap<Update, number>;

/**
 * The updates to be sent now, in order, and the milliseconds until the next one is due. An update that was not sent yet
 * is due at once, any other one `refreshMs` after it was last sent.
 */
export function dueUpdates(
  publication: Publication,
  sent: Sent,
  now: number,
  refreshMs: number,
): { readonly due: readonly Update[]; readonly nextInMs: number } {
  const due: Update[] = [];
  let nextInMs = refreshMs;
  for (const update of publication.updates) {
    const sentAt = sent.get(update);
    const left = sentAt === undefined ? 0 : sentAt + refreshMs - now;
    if (left <= 0) due.push(update);
    else nextInMs = Math.min(nextInMs, left);
  }
  return { due, nextInMs };
}
