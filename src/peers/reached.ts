import { type Address, type Endpoint, endpointAddress, isPrivate } from "../net/index.ts";

/** The private addresses at which each peer was reached directly at some time, by public key; the longest unchanged first. */
export type Reached = ReadonlyMap<string, readonly Address[]>;

/** Four times as many as a cluster has nodes, as for the endpoints that worked last. */
export const mostReached = 4_096;
/** The last addresses of a peer that are kept. */
export const mostReachedOfOne = 8;

/** Adds where peers are reached now; gives the map itself where nothing is new. */
export function rememberReached(before: Reached, working: ReadonlyMap<string, Endpoint>): Reached {
  const news = [...working].flatMap(([publicKey, endpoint]) => {
    const address = endpointAddress(endpoint);
    const isNew = isPrivate(address) && !before.get(publicKey)?.includes(address);
    return isNew ? [[publicKey, address] as const] : [];
  });
  if (news.length === 0) return before;
  const after = new Map(before);
  for (const [publicKey, address] of news) {
    after.delete(publicKey);
    after.set(publicKey, [...(before.get(publicKey) ?? []), address].slice(-mostReachedOfOne));
  }
  for (const publicKey of [...after.keys()].slice(0, Math.max(0, after.size - mostReached)))
    after.delete(publicKey);
  return after;
}
