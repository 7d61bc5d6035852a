const longestRetryMs = 5 * 60_000;

/**
 * The milliseconds for which an answer's Retry-After asks to wait, in seconds or until a date; `undefined` if it does
 * not. `now` is in milliseconds since 1970. Nobody is believed who asks for more than five minutes.
 */
export function retryAfterMs(text: string | undefined, now: number): number | undefined {
  if (text === undefined || text.trim() === "") return undefined;
  const ms = /^\s*\d{1,9}\s*$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  return Number.isFinite(ms) ? Math.min(longestRetryMs, Math.max(0, ms)) : undefined;
}

const listMsPerNode = 20;
const longestListMs = 2 * 60_000;

/**
 * The milliseconds to wait before all Nodes are listed again. The reasons for that, such as a restarted API server,
 * are the same on all nodes, and each of them lists as many Nodes as there are nodes: they come one after the other.
 * `random` is in [0, 1).
 */
export const listDelayMs = (nodes: number, random: number): number =>
  Math.min(longestListMs, nodes * listMsPerNode) * random;

const readMsPerNode = 1;
const leastReadMs = 500;

/**
 * The milliseconds between two readings of other Nodes that may have fallen silent: all nodes of a large cluster
 * together read a thousand in a second.
 */
export const readEveryMs = (nodes: number): number => Math.max(leastReadMs, nodes * readMsPerNode);

/**
 * The silence in milliseconds after which a watch is doubted. Together with the answer it stays below a minute, and it
 * differs between nodes. `random` is in [0, 1).
 */
export const doubtfulSilenceMs = (random: number): number => 40_000 + 10_000 * random;
