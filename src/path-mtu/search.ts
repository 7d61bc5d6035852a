/** WireGuard fills a packet up to a multiple of this, unless the link's MTU is reached. So only such sizes differ on the way. */
const step = 16;
/** The smallest size that is tried: what an IPv6 path of 1280 bytes, which each has, carries of a packet in the tunnel. */
export const leastMtu = 1200;
/** The most sizes that are tried at one time, and how often each is sent before it counts as lost. */
const mostSizes = 7;
const tries = 3;
/** The milliseconds after which what did not come back is sent again. Only after the last time is it lost. */
const waitMs = 1_000;

/** The size of a datagram that is as small as it can be. If it comes back and a large one does not, it is the size that gets lost. */
export const small = 0;

/** The search for the largest packet that passes to a peer and back. Sizes are in bytes, with all headers in the tunnel. */
export interface Search {
  /** The MTU of the link, which is the first size that is tried. */
  readonly linkMtu: number;
  /** The largest size that came back; 0 if none did. */
  readonly passed: number;
  /** The smallest size that got lost, while smaller ones came back. */
  readonly lost: number | undefined;
  /** The sizes that are tried now, how often they were sent, and when they are due again. */
  readonly sizes: readonly number[];
  readonly sent: number;
  readonly dueAt: number;
  /** Whether anything came back since these sizes are tried. */
  readonly isAnswered: boolean;
  /** Whether nobody answered the search before: then one question is enough to see whether somebody does by now. */
  readonly isRepeated: boolean;
}

/** The end of a search. */
export type Found =
  | { readonly kind: "whole" }
  | { readonly kind: "smaller"; readonly mtu: number }
  /** Small packets pass, and none of a size with which IP works well. */
  | { readonly kind: "none" }
  /** Nothing came back: the peer does not know the datagrams, or is not reached. Nothing is known of its path. */
  | { readonly kind: "silent" };

export const beginSearch = (linkMtu: number, now: number, isRepeated = false): Search => ({
  linkMtu,
  passed: 0,
  lost: undefined,
  sizes: [linkMtu],
  sent: 0,
  dueAt: now,
  isAnswered: false,
  isRepeated,
});

/** Notes a size that came back. */
export const cameBack = (search: Search, size: number): Search => ({
  ...search,
  passed: Math.max(search.passed, size),
  isAnswered: true,
});

/** What a search does at a time: it sends these sizes and goes on, it waits, or it has ended. */
export interface Stepped {
  readonly search: Search;
  readonly send: readonly number[];
  readonly found?: Found;
}

/**
 * Takes a search on. A path that carries the whole MTU is known by one datagram. Otherwise the sizes between what passes and
 * what gets lost are tried, some at one time. A size is lost if it did not come back three times, while something did.
 */
export function stepSearch(search: Search, now: number): Stepped {
  const { linkMtu, passed, sizes, sent, dueAt, isAnswered, isRepeated, lost } = search;
  if (passed >= linkMtu) return { search, send: [], found: { kind: "whole" } };
  const missing = sizes.filter((size) => size > passed);
  // A wait that is longer than any is one of before the clock was set back.
  if (missing.length > 0 && now < dueAt && dueAt - now <= waitMs) return { search, send: [] };
  const most = isRepeated && !isAnswered ? 1 : tries;
  if (missing.length > 0 && sent < most) {
    // The first datagram goes alone: on nearly all paths it comes back, and nothing else is needed.
    const isFirst = sent === 0 && lost === undefined && !isRepeated;
    return {
      search: { ...search, sent: sent + 1, dueAt: now + waitMs },
      send: isFirst ? missing : [small, ...missing],
    };
  }
  if (missing.length > 0 && !isAnswered) return { search, send: [], found: { kind: "silent" } };
  const below = missing[0] ?? lost ?? linkMtu;
  const next = sizesBetween(passed, below);
  if (next.length === 0)
    return {
      search,
      send: [],
      found: passed >= leastMtu ? { kind: "smaller", mtu: passed } : { kind: "none" },
    };
  const sized: Search = {
    ...search,
    lost: below,
    sizes: next,
    sent: 0,
    dueAt: now,
    isAnswered: false,
    isRepeated: false,
  };
  return stepSearch(sized, now);
}

/** Some sizes between one that passes and one that is lost, in order and evenly spread; none if there is none between. */
function sizesBetween(passed: number, lost: number): number[] {
  const first = Math.max(Math.floor(passed / step) + 1, leastMtu / step);
  const count = Math.max(0, Math.ceil(lost / step) - first);
  const taken = Math.min(count, mostSizes);
  return Array.from({ length: taken }, (_, at) => step * (first + Math.floor(((at + 0.5) * count) / taken)));
}

/** The largest packet in the tunnel that leaves whole, where the way to the endpoint carries `pathMtu` bytes. */
export const fitting = (pathMtu: number, family: 4 | 6): number =>
  step * Math.floor((pathMtu - (family === 4 ? 60 : 80)) / step);
