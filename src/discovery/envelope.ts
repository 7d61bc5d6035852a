import { Secret } from "../base/index.ts";
import type { Endpoint } from "../net/index.ts";
import type { Affiliate } from "./affiliate.ts";
import { type Decoded, decodeAffiliate, decodeEndpoint } from "./decode.ts";
import { Dropped } from "./dropped.ts";
import { encodeEndpoint } from "./encode.ts";
import { limits } from "./limits.ts";
import { openBlocks, openData, sealBlocks } from "./seal.ts";
import type { Secrets } from "./secrets.ts";
import { isNodeId, noNodeId, printable } from "./text.ts";

/** The reason why an affiliate of a node with another secret is refused. */
export const unopened =
  "its data does not open with this node's clusterSecret: the two nodes have different ones, or it is damaged";

/** An affiliate as a discovery service holds it: the id in clear, all else sealed. */
export interface Envelope {
  readonly id: string;
  /** The sealed affiliate; empty if only endpoints are known. */
  readonly data: Uint8Array;
  readonly endpoints: readonly Uint8Array[];
}

export const sealEndpoint = (key: Secret, endpoint: Endpoint): Buffer =>
  sealBlocks(key, encodeEndpoint(endpoint));

/**
 * Opens and checks an envelope that has data. The affiliate inside must name the same node as the envelope, since the
 * service cannot read affiliates, but could exchange them. With `names` of the secrets, an affiliate that tells of no secret
 * is one of a node that knows the secret with which it sealed.
 */
export function openEnvelope(secrets: Secrets, envelope: Envelope, names?: readonly string[]): Decoded {
  if (!isNodeId(envelope.id)) return { refused: `its id ${noNodeId}` };
  if (envelope.data.length > limits.dataBytes)
    return { refused: `its data is longer than ${limits.dataBytes} bytes` };
  const keys = secrets instanceof Secret ? [secrets] : secrets;
  const plains = keys.values().map((key) => openData(key, envelope.data));
  const [at, plain] = plains.map((each, index) => [index, each] as const).find(([, each]) => each) ?? [];
  if (at === undefined || !plain) return { refused: unopened };
  const dropped = new Dropped();
  const result = decodeAffiliate(plain, openEndpoints(keys, envelope.endpoints, dropped));
  if ("refused" in result) return result;
  if (result.affiliate.nodeId !== envelope.id)
    return { refused: `its data is that of another node, ${printable(result.affiliate.nodeId, 64)}` };
  const affiliate = withSecret(result.affiliate, names?.[at]);
  return { affiliate, dropped: [...result.dropped, ...dropped.reasons()] };
}

/** The affiliate with the name of the secret that it was sealed with, unless it tells which ones its node knows. */
const withSecret = (affiliate: Affiliate, name: string | undefined): Affiliate =>
  affiliate.membership && !affiliate.membership.secrets && name !== undefined
    ? { ...affiliate, membership: { ...affiliate.membership, secrets: [name] } }
    : affiliate;

function openEndpoints(keys: readonly Secret[], sealed: readonly Uint8Array[], dropped: Dropped): Endpoint[] {
  const endpoints: Endpoint[] = [];
  sealed.slice(0, limits.endpointsPerAffiliate).forEach((bytes, index) => {
    const endpoint = firstOf(keys, (key) => openEndpoint(key, bytes));
    if (endpoint === undefined) dropped.add(`endpoint ${index + 1} of ${sealed.length}: does not open`);
    else endpoints.push(endpoint);
  });
  if (sealed.length > limits.endpointsPerAffiliate)
    dropped.add(`endpoints after the first ${limits.endpointsPerAffiliate}: too many`);
  return endpoints;
}

/** The result of the first secret that opens something. Others than the node itself may have sealed an endpoint of it. */
function firstOf<Opened>(
  keys: readonly Secret[],
  open: (key: Secret) => Opened | undefined,
): Opened | undefined {
  for (const key of keys) {
    const opened = open(key);
    if (opened !== undefined) return opened;
  }
  return undefined;
}

function openEndpoint(key: Secret, sealed: Uint8Array): Endpoint | undefined {
  const plain = sealed.length > limits.endpointBytes ? undefined : openBlocks(key, sealed);
  return plain && decodeEndpoint(plain);
}
