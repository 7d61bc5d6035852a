import { z } from "zod";
import { readJson, valueOf } from "../base/index.ts";
import { limits } from "../discovery/index.ts";

/** An affiliate on its way into or out of a store. The remaining times to live are in milliseconds. */
export interface AffiliateRecord {
  readonly id: string;
  /** The sealed data; empty when only endpoints are known. */
  readonly data: Uint8Array;
  readonly endpoints: readonly { readonly bytes: Uint8Array; readonly leftMs: number }[];
  readonly leftMs: number;
}

/** A record with the cluster that it belongs to. */
export interface ClusterRecord {
  readonly clusterId: string;
  readonly record: AffiliateRecord;
}

const id = z
  .string()
  .refine((text) => Buffer.byteLength(text) >= 1 && Buffer.byteLength(text) <= limits.idBytes, "not an id");
const bytes = (most: number) =>
  z
    .base64()
    .transform((text) => Buffer.from(text, "base64"))
    .refine((buffer) => buffer.length <= most, "too long");
const time = z.number().nonnegative();

const form = z.tuple([
  id,
  id,
  bytes(limits.dataBytes),
  time,
  z.array(z.tuple([bytes(limits.endpointBytes), time])).max(limits.endpointsPerAffiliate),
]);

/**
 * The record as one line of text without a line break. `now` is in milliseconds since 1970; the times in the text are
 * absolute.
 */
export const recordText = ({ clusterId, record }: ClusterRecord, now: number): string =>
  JSON.stringify([
    clusterId,
    record.id,
    Buffer.from(record.data).toString("base64"),
    Math.round(now + record.leftMs),
    record.endpoints.map(({ bytes: endpoint, leftMs }) => [
      Buffer.from(endpoint).toString("base64"),
      Math.round(now + leftMs),
    ]),
  ]);

/**
 * Parses a line; `undefined` for text that `recordText` did not write. A clock that went back, or that of another
 * machine, never extends a life beyond the largest TTL. An expired part has 0 ms or less left.
 */
export function parseRecord(text: string, now: number): ClusterRecord | undefined {
  const read = valueOf(readJson(text, form));
  if (!read) return undefined;
  const [clusterId, affiliateId, data, until, endpoints] = read;
  const left = (at: number): number => Math.min(at - now, limits.ttlMs);
  return {
    clusterId,
    record: {
      id: affiliateId,
      data,
      leftMs: left(until),
      endpoints: endpoints.map(([endpoint, at]) => ({
        bytes: endpoint,
        leftMs: Math.min(left(at), left(until)),
      })),
    },
  };
}
