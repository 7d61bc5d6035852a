import type { BudgetLimits } from "../peers/index.ts";

/**
 * What one guess may cost. Times are in milliseconds. With 256 mappings among 64,512 ports, 1,024 packets miss all of
 * them once in 60 times, and 580 once in ten times, which takes 2.9 s (ADR 0035).
 */
export const guessLimits = {
  /** The mappings that the side opens whose NAT has another port for each destination. */
  openings: 256,
  /** The packets of the other side, each to another port. */
  packets: 1_024,
  packetsPerSecond: 200,
  tickMs: 50,
  /** A pair has been relayed for so long before it guesses: a direct path that is merely slow comes first. */
  relayedMs: 3_000,
  /** The age of a session in which a guess may begin: the move that follows has to be over before its keys are renewed. */
  youngestSessionMs: 3_000,
  oldestSessionMs: 60_000,
  /** An introduction, an invitation and the openings are waited for so long. */
  replyMs: 4_000,
  /** Routers forget a mapping that was not answered after 30 s; nothing is expected of it after so long. */
  openMs: 12_000,
  /** After the last packet, an answer gets so long. */
  lastAnswerMs: 2_000,
  /** After a packet got through, the move to the path gets so long. */
  moveMs: 20_000,
  /** A peer that is seen elsewhere for so long has left the path. */
  leftMs: 5_000,
  /** From a guess that failed to the next one, at the same peer and at the same address. */
  failedMs: 3_600_000,
  /** From a path that was found and is lost again to the next guess. */
  lostMs: 300_000,
  /** From a guess that never sent anything to the next question. */
  unansweredMs: 120_000,
} as const;

/** All guesses of this node together: four at once, and twelve an hour. */
export const guessBudget: BudgetLimits = { perSecond: 12 / 3_600, most: 4 };

/** The pace of the introductions that a relay makes: of one pair, and of all. Times are in milliseconds. */
export const introductionLimits = { pairMs: 30_000, all: { perSecond: 1, most: 20 } satisfies BudgetLimits };
