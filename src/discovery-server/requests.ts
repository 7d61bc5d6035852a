import { limits } from "../discovery/index.ts";
import { malformed, type Refusal } from "./refusal.ts";

/** One checked update of one affiliate. */
export interface AffiliateUpdate {
  readonly affiliateId: string;
  /** The sealed data, which is never empty; absent when only endpoints are added. */
  readonly data?: Uint8Array;
  readonly endpoints: readonly Uint8Array[];
  readonly ttlMs: number;
}

/** An update as it was received, in the shapes of protobuf and unchecked. */
interface UpdateRequest {
  readonly affiliateId: string;
  readonly affiliateData?: Uint8Array | undefined;
  readonly affiliateEndpoints: readonly Uint8Array[];
  readonly ttl?: { readonly seconds: bigint; readonly nanos: number } | undefined;
}

/** The refusal of an id; `undefined` for one of 1 to 256 bytes. */
export function idRefusal(name: "cluster id" | "affiliate id", id: string): Refusal | undefined {
  const length = Buffer.byteLength(id);
  if (length >= 1 && length <= limits.idBytes) return undefined;
  return malformed(`${name} has ${length} bytes, not 1 to ${limits.idBytes}`);
}

/** Checks all that can be told from the request alone. Empty data counts as absent. */
export function checkUpdate(request: UpdateRequest): AffiliateUpdate | Refusal {
  const badId = idRefusal("affiliate id", request.affiliateId);
  if (badId) return badId;
  const data = request.affiliateData;
  if (data && data.length > limits.dataBytes)
    return malformed(`affiliate data has ${data.length} bytes, over ${limits.dataBytes}`);
  const endpoints = request.affiliateEndpoints;
  if (endpoints.some((endpoint) => endpoint.length < 1 || endpoint.length > limits.endpointBytes))
    return malformed(`an endpoint does not have 1 to ${limits.endpointBytes} bytes`);
  const ttlMs = request.ttl ? Number(request.ttl.seconds) * 1000 + request.ttl.nanos / 1e6 : 0;
  if (!(ttlMs > 0 && ttlMs <= limits.ttlMs))
    return malformed(`the TTL is not between 0 and ${limits.ttlMs / 60_000} minutes`);
  return { affiliateId: request.affiliateId, ...(data?.length && { data }), endpoints, ttlMs };
}
