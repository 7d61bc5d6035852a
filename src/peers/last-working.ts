import { z } from "zod";
import { readJson, valueOf } from "../base/index.ts";
import { decodeKey } from "../identity/index.ts";
import { type Address, type Endpoint, isPrivate, parseAddress, parseEndpoint } from "../net/index.ts";
import { mostReached, mostReachedOfOne, type Reached } from "./reached.ts";

/** The endpoint at which each peer was last connected, by public key; the longest unseen first. */
export type LastWorking = ReadonlyMap<string, Endpoint>;

/** Four times as many as a cluster has nodes: those that left are forgotten some time. */
export const mostLastWorking = 4_096;

/** Adds what is new; gives the map itself where nothing is. */
export function rememberWorking(before: LastWorking, working: LastWorking): LastWorking {
  const news = [...working].filter(([publicKey, endpoint]) => before.get(publicKey) !== endpoint);
  if (news.length === 0) return before;
  const after = new Map(before);
  for (const [publicKey, endpoint] of news) {
    after.delete(publicKey);
    after.set(publicKey, endpoint);
  }
  for (const publicKey of [...after.keys()].slice(0, Math.max(0, after.size - mostLastWorking)))
    after.delete(publicKey);
  return after;
}

const form = z.strictObject({
  version: z.literal(1),
  endpoints: z.array(z.tuple([z.string(), z.string()])).max(mostLastWorking),
  /** The private addresses at which peers were ever reached; absent in files of before. */
  reached: z
    .array(z.tuple([z.string(), z.array(z.string()).max(mostReachedOfOne)]))
    .max(mostReached)
    .optional(),
});

export function lastWorkingText(endpoints: LastWorking, reached: Reached = new Map()): string {
  const file: z.input<typeof form> = {
    version: 1,
    endpoints: [...endpoints],
    ...(reached.size > 0 && { reached: [...reached].map(([key, addresses]) => [key, [...addresses]]) }),
  };
  return `${JSON.stringify(file)}\n`;
}

/** `undefined` for anything that `lastWorkingText` does not make. Never throws. */
export function parseLastWorking(text: string): LastWorking | undefined {
  const data = valueOf(readJson(text, form));
  if (!data) return undefined;
  const endpoints = new Map<string, Endpoint>();
  for (const [publicKey, endpointText] of data.endpoints) {
    const endpoint = parseEndpoint(endpointText);
    if (!endpoint || endpoint !== endpointText || !decodeKey(publicKey)) return undefined;
    endpoints.set(publicKey, endpoint);
  }
  return endpoints;
}

/** The addresses in the same file at which peers were ever reached; none if it has none. Never throws. */
export function parseReached(text: string): Reached {
  const { reached: entries = [] } = valueOf(readJson(text, form)) ?? {};
  const reached = new Map<string, Address[]>();
  for (const [publicKey, texts] of entries) {
    const addresses = texts.flatMap((each) => parseAddress(each) ?? []).filter(isPrivate);
    if (decodeKey(publicKey) && addresses.length > 0) reached.set(publicKey, addresses);
  }
  return reached;
}
