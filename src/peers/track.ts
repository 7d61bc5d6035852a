import type { Endpoint } from "../net/index.ts";
import type { Hold } from "../port/index.ts";
import type { DesiredPeer, ObservedDevice, ObservedPeer } from "../wireguard/index.ts";
import { refill, searchLimits } from "./budget.ts";
import { type Contest, type Heard, hear } from "./contest.ts";
import { grant, type Means, meansOf, type Possible } from "./grant.ts";
import { type Health, healthTimings, verdictOf, verified } from "./health.ts";
import { holdsOf } from "./holds.ts";
import { isGivenUp, isKnocking } from "./knocking.ts";
import { healthLook, nextLook, soonestLook, type Verdict } from "./pace.ts";
import type { PacketBudget, Standing } from "./packets.ts";
import { changesSince, type EndpointChange, followPath, type Path, type Sight, type Ways } from "./path.ts";
import type { Attempt } from "./rotation.ts";
import { affordable, dropSearch, pathAfter, type SearchStep, stepSearch } from "./search.ts";
import type { PeerSpec } from "./spec.ts";
import { type PeerState, peerDownInterval, peerState } from "./state.ts";
import { examine, isShaken } from "./suspicion.ts";
import type { Turn } from "./turns.ts";
import { connectTimeout, racingWish, searchingWish, serialWish, verifyingWish, type Wish } from "./wish.ts";

/** By public key. */
export type Attempts = ReadonlyMap<string, Attempt>;
export type Contests = ReadonlyMap<string, Contest>;

/** How peers are connected, and what is remembered of it. Without `racing` all attempts are serial. */
export interface Connecting extends Possible<Means> {
  /** How many peers the mesh has, if these are not all (as `knocking`): that decides how often each is looked at. */
  readonly peers?: number | undefined;
  /** By public key: whether a peer was connected once. Without it, those are that are connected now. */
  readonly isProven?: (publicKey: string) => boolean;
  /** By public key, of peers that were up. */
  readonly health?: ReadonlyMap<string, Health>;
  readonly ways?: Ways | undefined;
  /** When this node last lost an address: peers that were not heard since are suspected. */
  readonly shakenAt?: number | undefined;
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
  readonly budget: PacketBudget;
  /** By public key, of peers that are not up or in doubt. */
  readonly turns: ReadonlyMap<string, Turn>;
  readonly health: ReadonlyMap<string, Health>;
  /** Public keys of peers that are up and of which something is missing. */
  readonly suspected: ReadonlySet<string>;
  /** By public key, the endpoints of peers that are up. */
  readonly working: ReadonlyMap<string, Endpoint>;
  readonly ways: Ways;
  /** Peers that are reached at another endpoint than before this look. */
  readonly changed: readonly (EndpointChange & { readonly label: string })[];
  /** As long as they are listed here. */
  readonly holds: readonly Hold[];
  /** To be sent now. */
  readonly races: readonly Race[];
  /** Milliseconds until there may be something to do or to see; `undefined` without peers. */
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
  readonly standing: Standing;
  readonly isKnocking: boolean;
  readonly health: Health | undefined;
  readonly isSuspected: boolean;
  readonly wish: Wish;
  readonly sight: Sight;
  readonly path: Path | undefined;
  /** Of a peer that is up and sound, where races work. */
  readonly step: SearchStep | undefined;
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
  const means = meansOf(connecting, views, now);
  const { begun, left } = affordable(views, refill(connecting.ways?.budget, now, searchLimits));
  const mayAct = (view: View): boolean =>
    view.step?.begins ? begun.has(view) : scope === "known" || view.wish.kind !== "dial" || !view.observed;
  const isParked = (view: View): boolean => scope === "known" && isGivenUp(view, means.knocking, now);
  const granted = grant(
    views.filter((view) => mayAct(view) && !isParked(view)),
    means,
  );
  const results = views.map((view) => {
    const verdict = granted.views.has(view) ? "granted" : mayAct(view) ? "postponed" : "barred";
    const { racing, turns, peers = specs.length } = connecting;
    const turn = granted.turns.get(view) ?? turns?.get(view.spec.publicKey);
    return act(
      { ...view, turn, isParked: isParked(view) },
      verdict,
      { isRacing: racing !== undefined, peers },
      now,
    );
  });
  const wakes = results.map((result) => result.lookIn);
  const keyed = <Value>(pick: (result: Result) => Value | undefined): Map<string, Value> => {
    const values = new Map<string, Value>();
    for (const result of results) {
      const value = pick(result);
      if (value !== undefined) values.set(result.peer.publicKey, value);
    }
    return values;
  };
  const paths = keyed(({ path }) => path);
  return {
    peers: results.map(({ peer }) => peer),
    states: keyed(({ state }) => state),
    attempts: keyed(({ attempt }) => attempt),
    contests: keyed(({ contest }) => contest),
    heard: keyed(({ heard }) => heard),
    working: keyed(({ working }) => working),
    health: keyed(({ health }) => health),
    suspected: new Set(views.flatMap((view) => (view.isSuspected ? view.spec.publicKey : []))),
    budget: granted.budget,
    turns: keyed(({ turn }) => turn),
    ways: { paths, budget: left },
    holds: holdsOf(paths, device),
    changed: changesSince(connecting.ways, results),
    races: results.flatMap(({ race }) => race ?? []),
    wakeIn: wakes.length === 0 ? undefined : Math.min(...wakes),
  };
}

function look(
  spec: PeerSpec,
  device: ObservedDevice | undefined,
  before: Attempts,
  { racing, health: healthBefore, shakenAt, ways, isProven }: Connecting,
  now: number,
): View {
  const { publicKey, endpoints: candidates } = spec;
  const observed = device?.peers.get(publicKey);
  const last = before.get(publicKey);
  const contest = racing?.contests.get(publicKey);
  const heard = hear(racing?.heard.get(publicKey), observed?.receivedBytes ?? 0, now);
  const since = last?.since ?? (contest?.verifies ? undefined : contest?.firstAt);
  const times = { endpointSetAt: since, handshakeAt: observed?.handshakeAt };
  const connected = peerState(times, now, { connectTimeout: connectTimeout(last), peerDownInterval });
  const health =
    observed && connected === "up"
      ? examine(healthBefore?.get(publicKey), { spec, observed, contest }, now)
      : undefined;
  const verdict = health && verdictOf(health, now, healthTimings);
  const isLost = verdict === "silent" || (contest?.verifies && connected !== "up");
  const state = isLost ? "down" : connected;
  const isHeard = (observed?.receivedBytes ?? 0) > 0; // counted from zero since the attempt
  const situation = { state, candidates, last, isHeard };
  const isSuspected = verdict === "suspected" || (verdict === "sound" && isShaken(health, shakenAt));
  const answer = contest?.answer;
  const { endpoint, handshakeAt } = observed ?? {};
  const sight = { choices: spec, endpoint, isUp: state === "up", handshakeAt, answer };
  const path = followPath(ways?.paths.get(publicKey), sight, now);
  const step = racing && sight.isUp && !isSuspected && path ? stepSearch(path, sight, now) : undefined;
  const wish = (): Wish => {
    if (!racing) return serialWish(situation, now);
    if (step) return searchingWish(step, candidates, contest, now);
    const keys = { own: racing.ownKey, peer: publicKey };
    if (isSuspected) return verifyingWish(candidates, observed?.endpoint, contest, keys, now);
    const mayDialSerially = racing.mayDialSerially && observed !== undefined;
    return racingWish(situation, { contest, heard, keys, mayDialSerially }, now);
  };
  return {
    spec,
    observed,
    last,
    contest,
    heard,
    state,
    standing: state === "up" || isProven?.(publicKey) ? "proven" : "unproven",
    isKnocking: state !== "up" && isKnocking(observed),
    health,
    isSuspected,
    wish: wish(),
    sight,
    path: path && !step ? dropSearch(path, sight, now) : path,
    step,
  };
}

interface Result {
  readonly peer: DesiredPeer;
  readonly state: PeerState;
  readonly attempt: Attempt | undefined;
  readonly contest: Contest | undefined;
  readonly heard: Heard;
  readonly health: Health | undefined;
  readonly working: Endpoint | undefined;
  readonly path: Path | undefined;
  readonly race: Race | undefined;
  readonly turn: Turn | undefined;
  readonly lookIn: number;
}

function act(
  view: View & { readonly turn: Turn | undefined; readonly isParked: boolean },
  verdict: Verdict,
  { isRacing, peers: peerCount }: { isRacing: boolean; peers: number },
  now: number,
): Result {
  const { spec, observed, state, wish, heard } = view;
  const { publicKey, label, allowedIPs } = spec;
  const isGranted = verdict === "granted";
  const dialled = isGranted && wish.kind === "dial" ? wish.attempt : undefined;
  const raced = isGranted && wish.kind === "race" ? wish : undefined;
  const moved = isGranted && wish.kind === "move" ? wish.endpoint : undefined;
  const attempt = dialled ?? (view.last && moved ? { ...view.last, endpoint: moved } : view.last);
  const contest = raced?.contest ?? view.contest;
  const isUp = state === "up";
  const path = pathAfter(view, { isGranted, moved }, now);
  const isSearching = path?.search !== undefined;
  const isInDoubt = isSearching || (view.isSuspected && isRacing && !moved);
  const wasDialled = observed !== undefined && observed.keepaliveSeconds > 0;
  const peer: DesiredPeer = {
    publicKey,
    label,
    allowedIPs,
    ...(dialled && { dial: dialled.endpoint }),
    ...(moved !== undefined && { move: moved }),
    ...(isRacing && !dialled && !isUp && (!wasDialled || view.isParked) && { isWaiting: true }),
    ...(view.isParked && { isParked: true }),
  };
  return {
    peer,
    state,
    attempt: attempt && isUp ? { ...attempt, round: 0 } : attempt,
    contest: isUp && !isInDoubt ? undefined : contest,
    heard,
    health: view.health && moved ? verified(view.health, now) : view.health,
    working: isUp ? observed?.endpoint : undefined,
    path,
    turn: isUp && !isInDoubt ? undefined : view.turn,
    race: raced && { publicKey, endpoints: raced.endpoints },
    lookIn: isSearching
      ? (view.step?.forMs ?? soonestLook(peerCount))
      : isUp && !isInDoubt
        ? healthLook(view.health, peerCount)
        : nextLook(wish, verdict, { attempt, contest, peers: peerCount }, now),
  };
}

/** Whether a peer came up or went down between two looks. */
export const upCameOrWent = (before: Tracked, after: Tracked): boolean =>
  [...after.states].some(([key, state]) => (state === "up") !== (before.states.get(key) === "up"));
