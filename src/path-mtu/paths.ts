import { type Address, type Endpoint, endpointAddress, familyOf } from "../net/index.ts";
import { beginSearch, cameBack, type Found, fitting, leastMtu, type Search, stepSearch } from "./search.ts";

/** A peer as far as its path matters. */
export interface PathPeer {
  readonly publicKey: string;
  /** The KubeSpan address of the peer. */
  readonly address: Address;
  /** The endpoint to which WireGuard sends, and the time since which the peer is up, in milliseconds. */
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
interface PathState {
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
  /** The searches in a row that nobody answered. */
  readonly silences: number;
}

export type Paths = ReadonlyMap<string, PathState>;

/** The paths that are measured at one time. */
const mostAtOnce = 16;
/** A path is not measured again before this time is over, however often its peer is moved. */
const leastBetweenMs = 5_000;
/** A path that carries less than the link's MTU is measured again then, as the kernel does with what it knows of paths. */
const againMs = 600_000;
/**
 * The time after which a peer that did not answer is asked again, as its daemon may only be starting; it doubles each time.
 * A peer that never answered is asked so often, and then has an older version.
 */
const silentMs = 2_000;
const mostSilences = 7;

/** What one moment shows of the peers. */
export interface Sight {
  readonly peers: readonly PathPeer[];
  readonly linkMtu: number;
  readonly heard: Heard;
  /** The sizes of packets up to which this node sends them whole to an address, where it knows that larger ones do not pass. */
  readonly known: ReadonlyMap<Address, number>;
}

/** The sizes of the datagrams that came back, by the public key of the peer. */
type Heard = ReadonlyMap<string, readonly number[]>;

export interface Advanced {
  readonly paths: Paths;
  readonly send: readonly {
    readonly publicKey: string;
    readonly to: Address;
    readonly sizes: readonly number[];
  }[];
  /** The milliseconds until something is due; `undefined` if nothing is. */
  readonly wakeInMs: number | undefined;
}

/**
 * Takes all paths on: a peer that came up, takes another way or had no answer is measured, and nobody else. A peer that is
 * gone is forgotten. What was found of a path stays in use until the next search has ended.
 */
export function advance(before: Paths, { peers, linkMtu, heard, known }: Sight, now: number): Advanced {
  const paths = new Map<string, PathState>();
  const send: Advanced["send"][number][] = [];
  const due: number[] = [];
  let running = [...before.values()].filter(({ search }) => search !== undefined).length;
  for (const peer of peers) {
    const { publicKey } = peer;
    let state = withDoubt(before.get(publicKey), peer);
    const why = state?.search ? undefined : reasonFor(state, peer, linkMtu, now);
    // A time to come is one of before the clock was set back.
    const mayAt = state === undefined || state.begunAt > now ? now : state.begunAt + leastBetweenMs;
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
      state = stepped.found
        ? ended(state, inPieces(stepped.found, peer, { linkMtu, known }), now)
        : { ...state, search: stepped.search };
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
  const isDue = againAt !== undefined && (now >= againAt || againAt - now > againMs);
  if (!isDue) return undefined;
  return state.silences > 0 ? state.why : "it was due again";
}

const begun = (
  state: PathState | undefined,
  { endpoint, upSince }: PathPeer,
  why: string,
  linkMtu: number,
  now: number,
): PathState => {
  const isRepeated = state !== undefined && state.silences > 0 && state.why === why;
  return {
    measured: { endpoint, upSince, linkMtu },
    why,
    begunAt: now,
    isDoubted: false,
    search: beginSearch(linkMtu, now, isRepeated),
    silences: isRepeated ? state.silences : 0,
    ...(state?.found && { found: state.found }),
  };
};

/**
 * What is found where large packets come back, though in pieces: this node knows that larger ones do not pass whole to the
 * peer's endpoint, and cuts what it sends there. Smaller ones cost less, and pass where fragments are dropped later.
 */
function inPieces(
  found: Found,
  { endpoint }: PathPeer,
  { linkMtu, known }: Pick<Sight, "linkMtu" | "known">,
): Found & { readonly isCut?: true } {
  const address = endpointAddress(endpoint);
  const whole = known.get(address);
  const passing = found.kind === "whole" ? linkMtu : found.kind === "smaller" ? found.mtu : 0;
  if (whole === undefined) return found;
  const mtu = fitting(whole, familyOf(address));
  return mtu >= leastMtu && mtu < passing ? { kind: "smaller", mtu, isCut: true } : found;
}

/** A search has ended. One that nobody answered tells nothing, so what was known of the path stays. */
function ended({ search, ...state }: PathState, found: ReturnType<typeof inPieces>, now: number): PathState {
  if (found.kind === "silent") return silent(state, now);
  const mtu = found.kind === "whole" ? search?.linkMtu : found.kind === "smaller" ? found.mtu : undefined;
  const why = found.isCut ? `${state.why}; larger ones are cut into fragments` : state.why;
  const anew: PathMtu = { ...(mtu !== undefined && { mtu }), since: now, why };
  return {
    ...state,
    silences: 0,
    found: state.found && state.found.mtu === mtu ? state.found : anew,
    ...(found.kind !== "whole" && { againAt: now + againMs }),
  };
}

function silent(state: PathState, now: number): PathState {
  const silences = Math.min(state.silences + 1, mostSilences);
  const isOld = silences === mostSilences && !state.found;
  const waitMs = Math.min(silentMs * 2 ** silences, againMs);
  return { ...state, silences, ...(!isOld && { againAt: now + waitMs }) };
}

/** What is known of the paths, by public key. */
export const foundIn = (paths: Paths): ReadonlyMap<string, PathMtu> =>
  new Map([...paths].flatMap(([key, { found }]) => (found ? [[key, found] as const] : [])));

/** The sizes of packets by peer where less than the link's MTU passes: those for which there are routes. */
const smallerIn = (found: ReadonlyMap<string, PathMtu>, linkMtu: number): ReadonlyMap<string, number> =>
  new Map([...found].flatMap(([key, { mtu = linkMtu }]) => (mtu < linkMtu ? [[key, mtu] as const] : [])));

/** Whether two findings lead to the same routes. A peer to which everything passes needs none. */
export function isSameFor(
  linkMtu: number,
  one: ReadonlyMap<string, PathMtu>,
  other: ReadonlyMap<string, PathMtu>,
): boolean {
  const [before, after] = [smallerIn(one, linkMtu), smallerIn(other, linkMtu)];
  return before.size === after.size && [...before].every(([key, mtu]) => after.get(key) === mtu);
}
