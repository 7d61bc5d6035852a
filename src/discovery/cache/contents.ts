import { z } from "zod";
import { type Endpoint, type Prefix, parseEndpoint, parsePrefix } from "../../net/index.ts";
import type { Secret } from "../../system/secret.ts";
import type { Affiliate } from "../affiliate.ts";
import { decodeAffiliate } from "../decode.ts";
import { encodeAffiliate } from "../encode.ts";
import { limits } from "../limits.ts";
import { nonceBytes, openData, sealData } from "../seal.ts";

/** The affiliates of a cluster as they were once known, without this node. */
export interface CachedAffiliates {
  /** When they were last what the registries said; ms since 1970 on this node's clock. */
  readonly savedAt: number;
  readonly affiliates: readonly Affiliate[];
  /** That Kubernetes gave this node; absent if it was never asked. */
  readonly podNetworks?: readonly Prefix[];
}

/** Of the file, in bytes; what it holds is bounded so that it always fits, sealed and in base64. */
export const largestCache = 8 * 1024 * 1024;
const largestContent = 5 * 1024 * 1024;
/** Of one affiliate in base64. Several registries together may say more than one of them accepts. */
const largestData = 4 * limits.dataBytes;

const mostPodNetworks = 16;

const envelope = z.strictObject({
  version: z.literal(1),
  sealed: z.base64().max(largestCache),
});

const contents = z.strictObject({
  clusterId: z.string(),
  savedAt: z.int().nonnegative(),
  affiliates: z
    .array(
      z.strictObject({
        data: z.base64().max(largestData),
        endpoints: z.array(z.string().max(64)).max(limits.endpointsPerAffiliate),
      }),
    )
    .max(limits.affiliatesPerCluster),
  podNetworks: z.array(z.string().max(64)).max(mostPodNetworks).optional(),
});

/** What would be written, without the time: equal text, equal affiliates in any order. What is too much is left out. */
export function cacheContent(affiliates: readonly Affiliate[]): string {
  const items: string[] = [];
  let room = largestContent;
  for (const affiliate of affiliates.toSorted((one, other) => (one.nodeId < other.nodeId ? -1 : 1))) {
    const item = itemOf(affiliate);
    if (item === undefined || item.length > room || items.length >= limits.affiliatesPerCluster) continue;
    items.push(item);
    room -= item.length + 1;
  }
  return `[${items.join(",")}]`;
}

/** Affiliates that did not change stay the same objects, and are encoded once. */
const encoded = new WeakMap<Affiliate, string>();

/** `undefined` for one that is too much. */
function itemOf(affiliate: Affiliate): string | undefined {
  const known = encoded.get(affiliate);
  if (known !== undefined) return known;
  const data = Buffer.from(encodeAffiliate(affiliate)).toString("base64");
  if (data.length > largestData) return undefined;
  const endpoints = (affiliate.kubespan?.endpoints ?? []).slice(0, limits.endpointsPerAffiliate);
  const item = JSON.stringify({ data, endpoints });
  encoded.set(affiliate, item);
  return item;
}

/**
 * The file's text. It is sealed with the cluster secret: not to hide it from root, who has the secret beside it, but
 * so that a damaged file, a changed one and that of another cluster are told from a good one.
 */
export function cacheText(
  cluster: { readonly id: string; readonly secret: Secret },
  content: string,
  savedAt: number,
  random: (size: number) => Uint8Array,
  podNetworks: readonly Prefix[] = [],
): string {
  const own =
    podNetworks.length === 0 ? "" : `,"podNetworks":${JSON.stringify(podNetworks.slice(0, mostPodNetworks))}`;
  const plain = `{"clusterId":${JSON.stringify(cluster.id)},"savedAt":${savedAt},"affiliates":${content}${own}}`;
  const sealed = sealData(cluster.secret, random(nonceBytes), Buffer.from(plain));
  return `${JSON.stringify({ version: 1, sealed: sealed.toString("base64") })}\n`;
}

/**
 * Reads the file's text as warily as what a service sends. A file that is not whole and of this cluster is refused;
 * an affiliate in it that does not pass is left out.
 */
export function openCache(
  cluster: { readonly id: string; readonly secret: Secret },
  nodeId: string,
  text: string,
): CachedAffiliates | { readonly refused: string } {
  const outer = envelope.safeParse(parsed(text));
  if (!outer.success) return { refused: "it is not a cache of this version" };
  const plain = openData(cluster.secret, Buffer.from(outer.data.sealed, "base64"));
  if (!plain) return { refused: "it is damaged, or of a cluster with another secret" };
  const inner = contents.safeParse(parsed(plain.toString()));
  if (!inner.success) return { refused: "its contents have another shape" };
  if (inner.data.clusterId !== cluster.id) return { refused: "it is of another cluster" };
  const affiliates = inner.data.affiliates.flatMap(({ data, endpoints }) => {
    const result = decodeAffiliate(Buffer.from(data, "base64"), endpoints.flatMap(endpointFrom));
    return "affiliate" in result && result.affiliate.nodeId !== nodeId ? [result.affiliate] : [];
  });
  const podNetworks = inner.data.podNetworks?.flatMap((each) => parsePrefix(each) ?? []);
  return { savedAt: inner.data.savedAt, affiliates, ...(podNetworks && { podNetworks }) };
}

const endpointFrom = (text: string): Endpoint[] => {
  const endpoint = parseEndpoint(text);
  return endpoint === undefined ? [] : [endpoint];
};

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // no schema here takes it
  }
}
