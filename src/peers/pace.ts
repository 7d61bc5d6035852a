import type { Contest } from "./contest.ts";
import type { Health } from "./health.ts";
import { volleyInterval } from "./rhythm.ts";
import { type Attempt, dwellOf, rotationTimings } from "./rotation.ts";
import { raceTimings } from "./timings.ts";
import type { Wish } from "./wish.ts";

/** `barred`: not before the device was read again; `postponed`: the budget of attempts is used up. */
export type Verdict = "granted" | "barred" | "postponed";

/**
 * No event tells that a peer is heard no more. A look takes some milliseconds and, at 1,000 peers, about 15 of
 * processor time, tools included: 0.3 % of a core at this pace.
 */
const calmLook = (peers: number): number => Math.min(Math.max(2_000, 5 * peers), rarestLook);
const rarestLook = 5_000;
const unansweredLook = 1_000;

/** Milliseconds until the next look at a peer that is up. */
export const healthLook = (health: Health | undefined, peers: number): number =>
  health?.unansweredAt === undefined ? calmLook(peers) : Math.max(unansweredLook, calmLook(peers) / 2);

/** The larger the mesh, the more a look costs, and the more peers it serves. Whoever answers a race is seen at once. */
export const soonestLook = (peers: number): number => Math.min(Math.max(peers / 4, 50), 250);
/** By then the budget holds some attempts again. */
const budgetWait = 100;

/** What is being done about a peer that is not up. */
interface Pursuit {
  readonly attempt: Attempt | undefined;
  readonly contest: Contest | undefined;
  /** How many there are in the mesh. */
  readonly peers: number;
}

/** Milliseconds until the next look at a peer that is not up, or in doubt. */
export function nextLook(
  wish: Wish,
  verdict: Verdict,
  { attempt, contest, peers }: Pursuit,
  now: number,
): number {
  if (wish.kind !== "wait" && verdict === "barred") return 0;
  if (wish.kind !== "wait" && verdict === "postponed") return Math.max(budgetWait, soonestLook(peers));
  const looks = [calmLook(peers)];
  if (attempt) looks.push(lookAfter(now - attempt.since, dwellOf(attempt.round, rotationTimings), peers));
  if (contest) looks.push(lookAfter(now - contest.lastAt, volleyInterval(contest, raceTimings), peers));
  if (wish.kind === "wait" && wish.forMs) looks.push(wish.forMs);
  return Math.max(Math.min(...looks), soonestLook(peers));
}

/** The longer it has been in vain the less often it is looked at; what gets much time is not looked at soon. */
const lookAfter = (elapsed: number, given: number, peers: number): number =>
  Math.max(Math.min(elapsed / 4, calmLook(peers)), Math.min(given / 20, rarestLook));
