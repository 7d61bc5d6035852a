import { type Budget, spend } from "./budget.ts";
import { type Knocking, type PacketBudget, type Share, type Standing, standings } from "./packets.ts";
import type { Proposal } from "./proposal.ts";
import { mostKnocking } from "./timings.ts";
import { servedTurn, type Turn, waitingTurn } from "./turns.ts";

/** A peer, as far as it matters for who comes first. */
export interface Applicant {
  readonly proposal?: Proposal;
  readonly standing: Standing;
  readonly turn: Turn | undefined;
  /** When it was last raced or dialled, in milliseconds; 0: never. */
  readonly triedAt: number;
  /** WireGuard itself calls it, in vain so far. */
  readonly isKnocking: boolean;
}

export interface Means {
  readonly budget: PacketBudget;
  readonly knocking: Knocking;
  /** How many peers propose something, if these are not all. */
  readonly waiting?: Readonly<Record<Standing, number>> | undefined;
}

export interface Granted<Each> {
  readonly granted: ReadonlySet<Each>;
  readonly budget: PacketBudget;
  /** Of those that have a proposal. */
  readonly turns: ReadonlyMap<Each, Turn>;
}

/** Those whose proposals are granted, of those that have one. Proven peers and others do not compete. */
export function grant<Each extends Applicant>(applicants: readonly Each[], means: Means): Granted<Each> {
  const parts = standings.map((standing) => {
    const among = applicants.filter((each) => each.standing === standing);
    const slots = standing === "unproven" ? mostKnocking - means.knocking.unproven : Number.POSITIVE_INFINITY;
    return { standing, ...serve(among, means.budget[standing], slots, means.waiting?.[standing]) };
  });
  return {
    granted: new Set(parts.flatMap((part) => part.granted)),
    budget: { ...means.budget, ...Object.fromEntries(parts.map(({ standing, share }) => [standing, share])) },
    turns: new Map(parts.flatMap((part) => [...part.turns])),
  };
}

/**
 * In order of turns; at the same turn, whoever was tried longest ago. Whoever cannot be afforded yet is waited for, so
 * that nobody starves. A dial that finds no slot keeps nobody waiting.
 */
function serve<Each extends Applicant>(
  applicants: readonly Each[],
  before: Share,
  slots: number,
  waitingNow: number | undefined,
): { granted: Each[]; share: Share; turns: (readonly [Each, Turn])[] } {
  const queue = applicants.flatMap((each) => {
    const { proposal } = each;
    if (!proposal) return [];
    const needsSlot = proposal.do.kind === "dial" && !each.isKnocking;
    return { each, turn: waitingTurn(each.turn, before.count), packets: proposal.cost.packets, needsSlot };
  });
  queue.sort(
    (left, right) =>
      left.turn.at + left.packets - right.turn.at - right.packets || left.each.triedAt - right.each.triedAt,
  );
  const among = Math.max(1, waitingNow ?? queue.length);
  const granted: Each[] = [];
  const turns: (readonly [Each, Turn])[] = [];
  let [{ left, count }, free, isSpent] = [before, slots, false];
  for (const { each, turn, packets, needsSlot } of queue) {
    const isBarred = needsSlot && free <= 0;
    isSpent ||= !isBarred && left < packets;
    const isGranted = !isBarred && !isSpent;
    turns.push([each, isGranted ? servedTurn(turn, packets) : turn]);
    if (!isGranted) continue;
    granted.push(each);
    left -= packets;
    count += packets / among;
    free -= needsSlot ? 1 : 0;
  }
  return { granted, share: { ...before, left, count }, turns };
}

/** Which of those that want to begin a probe may, and what is left then. Whoever only measures comes after the others. */
export function affordable<Each extends { readonly proposal?: Proposal }>(
  views: readonly Each[],
  budget: Budget,
): { readonly begun: ReadonlySet<Each>; readonly left: Budget } {
  const begun = new Set<Each>();
  let left = budget;
  const beginning = views.filter(({ proposal }) => proposal && proposal.cost.probes > 0);
  const costs = new Set(beginning.map(({ proposal }) => proposal?.cost.probes ?? 0));
  for (const cost of [...costs].sort((one, other) => one - other))
    for (const each of beginning) {
      if (each.proposal?.cost.probes !== cost || left.left < cost) continue;
      begun.add(each);
      left = spend(left, cost);
    }
  return { begun, left };
}
