import type { Endpoint } from "../net/index.ts";
import {
  type Attempt,
  type Budget,
  budgetLimits,
  type PeerSpec,
  type PeerState,
  peerDownInterval,
  peerState,
  refill,
  spend,
} from "../peers/index.ts";
import { type Contest, type Heard, hear } from "../racing/index.ts";
import type { DesiredPeer, ObservedDevice, ObservedPeer } from "../wireguard/index.ts";
import { connectTimeout, racingWish, serialWish, type Wish } from "./wish.ts";

/** By public key. */
export type Attempts = ReadonlyMap<string, Attempt>;
export type Contests = ReadonlyMap<string, Contest>;

/** How peers are connected, and what is remembered of it. Without `racing` all attempts are serial. */
export interface Connecting {
  readonly budget?: Budget | undefined;
  readonly racing?: {
    readonly contests: Contests;
    readonly heard: ReadonlyMap<string, Heard>;
    readonly ownKey: string;
    readonly mayDialSerially: boolean;
  };
}

export interface Race {
  readonly publicKey: string;
  readonly endpoints: readonly Endpoint[];
}

export interface Tracked {
  readonly peers: readonly DesiredPeer[];
  readonly states: ReadonlyMap<string, PeerState>;
  readonly attempts: Attempts;
  readonly contests: Contests;
  readonly heard: ReadonlyMap<string, Heard>;
  readonly budget: Budget;
  /** By public key, the endpoints of peers that are up. */
  readonly working: ReadonlyMap<string, Endpoint>;
  /** To be sent now. */
  readonly races: readonly Race[];
  /** Milliseconds until there may be something to do or to see; `undefined` when all peers are up. */
  readonly wakeIn: number | undefined;
}

/**
 * - `known`: peers that the device holds may be dialled again. It removes them for a moment, and with them a session
 *   that came up since the device was read; so that has to be done right after reading it.
 * - `new`: only peers that the device does not hold are dialled.
 */
export type DialScope = "known" | "new";

interface View {
  readonly spec: PeerSpec;
  readonly observed: ObservedPeer | undefined;
  readonly last: Attempt | undefined;
  readonly contest: Contest | undefined;
  readonly heard: Heard;
  readonly state: PeerState;
  readonly wish: Wish;
}

/**
 * One look at all peers: who is up, and who is to be raced or tried where. Nothing tells us of a handshake, so while a
 * peer is being tried the device is read again soon; the longer it takes, the less often.
 */
export function trackPeers(
  specs: readonly PeerSpec[],
  device: ObservedDevice | undefined,
  before: Attempts,
  now: number,
  scope: DialScope = "known",
  connecting: Connecting = {},
): Tracked {
  const views = specs.map((spec) => look(spec, device, before, connecting, now));
  const budget = refill(connecting.budget, now, budgetLimits);
  const mayAct = (view: View): boolean => scope === "known" || view.wish.kind !== "dial" || !view.observed;
  const granted = grant(views.filter(mayAct), budget);
  const results = views.map((view) => {
    const verdict = granted.has(view) ? "granted" : mayAct(view) ? "postponed" : "barred";
    return act(view, verdict, connecting.racing !== undefined, now);
  });
  const wakes = results.flatMap((result) => result.lookIn ?? []);
  const keyed = <Value>(pick: (result: Result) => Value | undefined): Map<string, Value> =>
    new Map(
      results.flatMap((result) => {
        const value = pick(result);
        return value === undefined ? [] : [[result.peer.publicKey, value] as const];
      }),
    );
  return {
    peers: results.map(({ peer }) => peer),
    states: keyed(({ state }) => state),
    attempts: keyed(({ attempt }) => attempt),
    contests: keyed(({ contest }) => contest),
    heard: keyed(({ heard }) => heard),
    working: keyed(({ working }) => working),
    budget: spend(budget, granted.size),
    races: results.flatMap(({ race }) => race ?? []),
    wakeIn: wakes.length === 0 ? undefined : Math.min(...wakes),
  };
}

function look(
  spec: PeerSpec,
  device: ObservedDevice | undefined,
  before: Attempts,
  { racing }: Connecting,
  now: number,
): View {
  const { publicKey, candidates } = spec;
  const observed = device?.peers.get(publicKey);
  const last = before.get(publicKey);
  const contest = racing?.contests.get(publicKey);
  const heard = hear(racing?.heard.get(publicKey), observed?.receivedBytes ?? 0, now);
  const since = last?.since ?? contest?.firstAt;
  const times = { endpointSetAt: since, handshakeAt: observed?.handshakeAt };
  const state = peerState(times, now, { connectTimeout: connectTimeout(last), peerDownInterval });
  const isHeard = (observed?.receivedBytes ?? 0) > 0; // counted from zero since the attempt
  const situation = { state, candidates, last, isHeard };
  const keys = { own: racing?.ownKey ?? "", peer: publicKey };
  const wish = racing
    ? racingWish(
        situation,
        { contest, heard, keys, mayDialSerially: racing.mayDialSerially && observed !== undefined },
        now,
      )
    : serialWish(situation, now);
  return { spec, observed, last, contest, heard, state, wish };
}

/** Those that may have what they wish; who has waited longest comes first, so that nobody starves. */
function grant(views: readonly View[], budget: Budget): ReadonlySet<View> {
  const latest = ({ last, contest }: View): number => Math.max(last?.since ?? 0, contest?.lastAt ?? 0);
  const wishing = views.filter(({ wish }) => wish.kind !== "wait");
  wishing.sort((left, right) => latest(left) - latest(right));
  return new Set(wishing.slice(0, Math.max(0, Math.floor(budget.attempts))));
}

interface Result {
  readonly peer: DesiredPeer;
  readonly state: PeerState;
  readonly attempt: Attempt | undefined;
  readonly contest: Contest | undefined;
  readonly heard: Heard;
  readonly working: Endpoint | undefined;
  readonly race: Race | undefined;
  /** `undefined` for a peer that is up. */
  readonly lookIn: number | undefined;
}

/** `barred`: not before the device was read again; `postponed`: the budget of attempts is used up. */
type Verdict = "granted" | "barred" | "postponed";

function act(view: View, verdict: Verdict, isRacing: boolean, now: number): Result {
  const { spec, observed, state, wish, heard } = view;
  const { publicKey, label, allowedIPs, candidates } = spec;
  const isGranted = verdict === "granted";
  const dialled = isGranted && wish.kind === "dial" ? wish.attempt : undefined;
  const raced = isGranted && wish.kind === "race" ? wish.contest : undefined;
  const attempt = dialled ?? view.last;
  const contest = raced ?? view.contest;
  const isUp = state === "up";
  const wasDialled = observed !== undefined && observed.keepaliveSeconds > 0;
  const peer: DesiredPeer = {
    publicKey,
    label,
    allowedIPs,
    ...(dialled && { dial: dialled.endpoint }),
    ...(isRacing && !dialled && !isUp && !wasDialled && { isWaiting: true }),
  };
  return {
    peer,
    state,
    attempt: attempt && isUp ? { ...attempt, round: 0 } : attempt,
    contest: isUp ? undefined : contest,
    heard,
    working: isUp ? observed?.endpoint : undefined,
    race: raced && { publicKey, endpoints: candidates },
    lookIn: isUp ? undefined : nextLook(wish, verdict, { attempt, contest }, now),
  };
}

const soonestLook = 50;
const latestLook = 2_000;
/** By then the budget holds some attempts again. */
const budgetWait = 100;

function nextLook(
  wish: Wish,
  verdict: Verdict,
  { attempt, contest }: { attempt: Attempt | undefined; contest: Contest | undefined },
  now: number,
): number {
  if (wish.kind !== "wait" && verdict !== "granted") return verdict === "barred" ? 0 : budgetWait;
  const since = Math.max(attempt?.since ?? 0, contest?.lastAt ?? 0);
  const soon = Math.min(Math.max((now - since) / 4, soonestLook), latestLook);
  const due = wish.kind === "wait" ? wish.forMs : undefined;
  return due !== undefined && due > 0 ? Math.min(soon, due) : soon;
}
