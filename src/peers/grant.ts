import {
  type Knocking,
  mostKnocking,
  type PacketBudget,
  packetsOf,
  refillPackets,
  type Share,
  type Standing,
  standings,
} from "./packets.ts";
import { servedTurn, type Turn, type Turns, waitingTurn } from "./turns.ts";
import type { Wish } from "./wish.ts";

/** A peer, as far as it matters for who comes first. */
export interface Applicant {
  readonly spec: { readonly publicKey: string };
  readonly standing: Standing;
  readonly wish: Wish;
  /** WireGuard itself calls it, in vain so far. */
  readonly isKnocking: boolean;
  readonly last: { readonly since: number } | undefined;
  readonly contest: { readonly lastAt: number } | undefined;
}

export interface Means {
  readonly budget: PacketBudget;
  readonly turns: Turns;
  readonly knocking: Knocking;
  /** How many peers wish something, if these are not all. */
  readonly waiting?: Readonly<Record<Standing, number>> | undefined;
}

/** What is absent: a full budget, nobody's turn yet, and those of these peers that knock. */
export type Possible<Values> = { readonly [Name in keyof Values]?: Values[Name] | undefined };

export interface Granted<View> {
  readonly views: ReadonlySet<View>;
  readonly budget: PacketBudget;
  /** Of those that wish something. */
  readonly turns: ReadonlyMap<View, Turn>;
}

function countKnocking(views: readonly Applicant[]): Knocking {
  const count = (standing: Standing): number =>
    views.filter((view) => view.isKnocking && view.standing === standing).length;
  return { proven: count("proven"), unproven: count("unproven") };
}

/** What there is to be given out now. */
export const meansOf = (
  { budget, turns, knocking, waiting }: Possible<Means>,
  views: readonly Applicant[],
  now: number,
): Means => {
  const calls = knocking ?? countKnocking(views);
  return { budget: refillPackets(budget, calls, now), turns: turns ?? new Map(), knocking: calls, waiting };
};

/** Those that may have what they wish. Proven peers and others do not compete. */
export function grant<View extends Applicant>(applicants: readonly View[], means: Means): Granted<View> {
  const parts = standings.map((standing) => {
    const wishing = applicants.filter((view) => view.standing === standing && view.wish.kind !== "wait");
    const slots = standing === "unproven" ? mostKnocking - means.knocking.unproven : Number.POSITIVE_INFINITY;
    return {
      standing,
      ...serve(wishing, means.budget[standing], slots, means.turns, means.waiting?.[standing]),
    };
  });
  return {
    views: new Set(parts.flatMap((part) => part.granted)),
    budget: { ...means.budget, ...Object.fromEntries(parts.map(({ standing, share }) => [standing, share])) },
    turns: new Map(parts.flatMap((part) => [...part.turns])),
  };
}

/**
 * In order of turns; at the same turn, whoever was tried longest ago. Whoever cannot be afforded yet is waited for, so
 * that nobody starves. A dial that finds no slot holds up nobody.
 */
function serve<View extends Applicant>(
  wishing: readonly View[],
  before: Share,
  slots: number,
  turnsBefore: Turns,
  waitingNow: number | undefined,
): { granted: View[]; share: Share; turns: (readonly [View, Turn])[] } {
  const queue = wishing.map((view) => {
    const turn = waitingTurn(turnsBefore.get(view.spec.publicKey), before.count);
    return { view, turn, packets: packetsOf(view.wish), triedAt: triedAt(view) };
  });
  queue.sort(
    (left, right) =>
      left.turn.at + left.packets - right.turn.at - right.packets || left.triedAt - right.triedAt,
  );
  const among = Math.max(1, waitingNow ?? queue.length);
  const granted: View[] = [];
  const turns: (readonly [View, Turn])[] = [];
  let [{ left, count }, free, isSpent] = [before, slots, false];
  for (const { view, turn, packets } of queue) {
    const needsSlot = view.wish.kind === "dial" && !view.isKnocking;
    const isBarred = needsSlot && free <= 0;
    isSpent ||= !isBarred && left < packets;
    const isGranted = !isBarred && !isSpent;
    const after = isGranted ? servedTurn(turn, packets) : turn;
    turns.push([view, after]);
    if (!isGranted) continue;
    granted.push(view);
    left -= packets;
    count += packets / among;
    free -= needsSlot ? 1 : 0;
  }
  return { granted, share: { ...before, left, count }, turns };
}

const triedAt = ({ last, contest }: Applicant): number => Math.max(last?.since ?? 0, contest?.lastAt ?? 0);
