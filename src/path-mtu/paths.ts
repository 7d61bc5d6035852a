import type { Address, Endpoint } from "../net/index.ts";
import { beginSearch, cameBack, type Found, type Search, stepSearch } from "./search.ts";

/** A peer as far as its path matters. */
export interface PathPeer {
  readonly publicKey: string;
  /** Its KubeSpan address. */
  readonly address: Address;
  /** Where WireGuard sends, and the time since which the peer is up, in milliseconds. */
  readonly endpoint: Endpoint;
  readonly upSince: number;
  /** Whether it is up and left alone, or traffic to it had no answer lately, or neither. */
  readonly phase: "up" | "doubted" | "other";
}

/** What is known of the packets that pass to a peer. Times in milliseconds. */
export interface PathMtu {
  /** The largest packet that passes; absent where none of a useful size does. */
  readonly mtu?: number;
  /** The time at which it was found, and why it was looked for then. */
  readonly since: number;
  readonly why: string;
}

/** The path to a peer: where it was when it was last measured, and what came of it. */
export interface PathState {
  readonly measured: Pick<PathPeer, "endpoint" | "upSince"> & { readonly linkMtu: number };
  readonly why: string;
  readonly begunAt: number;
  /** Whether traffic had no answer since then. */
  readonly isDoubted: boolean;
  /** Absent where nothing is measured at the moment. */
  readonly search?: Search;
  readonly found?: PathMtu;
  /** The time at which it is measured again although nothing happened. */
  readonly againAt?: number;
}

export type Paths = ReadonlyMap<string, PathState>;

/** The paths that are measured at one time. */
const mostAtOnce = 16;
/** A path is not measured again before this time is over, however often its peer is moved. */
const leastBetweenMs = 10_000;
/** A path that carries less than the link's MTU is measured again then, as the kernel does with what it knows of paths. */
const againMs = 600_000;

/** The sizes of the datagrams that came back, by the public key of the peer. */
export type Heard = ReadonlyMap<string, readonly number[]>;

export interface Advanced {
  readonly paths: Paths;
  readonly send: readonly { readonly publicKey: string; readonly to: Address; readonly sizes: readonly number[] }[];
  /** The milliseconds until something is due; `undefined` if nothing is. */
  readonly wakeInMs: number | undefined;
}

/**
 * Takes all paths on: a peer that came up, takes another way or had no answer is measured, and nobody else. A peer that is
 * gone is forgotten. What was found of a path stays in use until the next search has ended.
 */
export function advance(
  before: Paths,
  { peers, linkMtu, heard }: { readonly peers: readonly PathPeer[]; readonly linkMtu: number; readonly heard: Heard },
  now: number,
): Advanced {
  const paths = new Map<string, PathState>();
  const send: Advanced["send"][number][] = [];
  const due: number[] = [];
  let running = [...before.values()].filter(({ search }) => search !== undefined).length;
  for (const peer of peers) {
    const { publicKey } = peer;
    let state = withDoubt(before.get(publicKey), peer);
    const why = state?.search ? undefined : reasonFor(state, peer, linkMtu, now);
    const mayAt = state === undefined ? now : state.begunAt + leastBetweenMs;
    if (why !== undefined && now < mayAt) due.push(mayAt);
    else if (why !== undefined && running < mostAtOnce) {
      running++;
      state = begun(state, peer, why, linkMtu, now);
    }
    if (state?.search) {
      const stepped = stepSearch((heard.get(publicKey) ?? []).reduce(cameBack, state.search), now);
      if (stepped.send.length > 0) send.push({ publicKey, to: peer.address, sizes: stepped.send });
      if (stepped.found) running--;
      else due.push(stepped.search.dueAt);
      state = stepped.found ? ended(state, stepped.found, now) : { ...state, search: stepped.search };
    }
    if (state?.againAt !== undefined) due.push(state.againAt);
    if (state) paths.set(publicKey, state);
  }
  const wakeInMs = due.length === 0 ? undefined : Math.max(0, Math.min(...due) - now);
  return { paths, send, wakeInMs };
}

const withDoubt = (state: PathState | undefined, { phase }: PathPeer): PathState | undefined =>
  state && phase === "doubted" && !state.isDoubted ? { ...state, isDoubted: true } : state;

/** Why a path is to be measured now; `undefined` if it is not. */
function reasonFor(
  state: PathState | undefined,
  { phase, endpoint, upSince }: PathPeer,
  linkMtu: number,
  now: number,
): string | undefined {
  if (phase !== "up") return undefined;
  if (!state) return "the peer came up";
  const { measured, isDoubted, againAt } = state;
  if (measured.upSince !== upSince) return "the peer came up again";
  if (measured.endpoint !== endpoint) return "its packets take another way";
  if (measured.linkMtu !== linkMtu) return "the link has another MTU";
  if (isDoubted) return "traffic had no answer";
  return againAt !== undefined && now >= againAt ? "it was to be measured again" : undefined;
}

const begun = (
  state: PathState | undefined,
  { endpoint, upSince }: PathPeer,
  why: string,
  linkMtu: number,
  now: number,
): PathState => ({
  measured: { endpoint, upSince, linkMtu },
  why,
  begunAt: now,
  isDoubted: false,
  search: beginSearch(linkMtu, now),
  ...(state?.found && { found: state.found }),
});

/** A search has ended. One that nobody answered tells nothing, so what was known of the path stays. */
function ended({ search, ...state }: PathState, found: Found, now: number): PathState {
  if (found.kind === "silent") return { ...state, ...(state.found && { againAt: now + againMs }) };
  const mtu = found.kind === "whole" ? search?.linkMtu : found.kind === "smaller" ? found.mtu : undefined;
  const anew: PathMtu = { ...(mtu !== undefined && { mtu }), since: now, why: state.why };
  return {
    ...state,
    found: state.found && state.found.mtu === mtu ? state.found : anew,
    ...(found.kind !== "whole" && { againAt: now + againMs }),
  };
}

/** What is known of the paths, by public key. */
export const foundIn = (paths: Paths): ReadonlyMap<string, PathMtu> =>
  new Map([...paths].flatMap(([key, { found }]) => (found ? [[key, found] as const] : [])));

/** Whether the same packets pass on all paths, so that no route is to be changed. */
export function isSameFor(one: ReadonlyMap<string, PathMtu>, other: ReadonlyMap<string, PathMtu>): boolean {
  return one.size === other.size && [...one].every(([key, { mtu }]) => other.has(key) && other.get(key)?.mtu === mtu);
}
