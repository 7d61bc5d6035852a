/*
 * The numbers of a doubt, each with its reason; those of all other decisions are in timings.ts.
 */

/** The times after which unanswered data makes a direct path doubted, and what makes them longer. */
export const doubtTimings = {
  /**
   * So much after it was noticed, which takes one or two polls, data has been without an answer for about a second. What waits
   * for a disk or for a delayed acknowledgement is answered before.
   */
  soonestMs: 400,
  /** The limit on slow paths: so much, and as many round trips. */
  plusMs: 250,
  roundTrips: 1.5,
  /** Each doubt that was wrong, and each move straight back, multiplies the wait for the next one. */
  growth: 2,
  /** The longest wait where data went both ways until shortly before: bursts of loss take a second or three. */
  twoWayMs: 4_000,
  /** A receiver that has no data to send answers after 10 s: what goes one way only is not doubted before that. */
  oneWayMs: 12_000,
  /** Data went both ways until shortly before, if it did so within this time. */
  talkedMs: 10_000,
  /** After so long one wrong doubt is forgotten. */
  forgottenMs: 120_000,
} as const;

/** What a round trip that is not known is taken for: few paths on earth are longer. */
export const unknownRoundTripMs = 350;

/** The rounds of a doubt that go to the endpoint in use alone. */
export const aloneTimings = {
  /**
   * So many packets. Where one in five gets lost each way, all go unanswered once in five hundred times; where one in
   * twenty does, once in a million.
   */
  rounds: 6,
  /** The round trips that they take together: only an answer that was under way may be late. */
  roundTrips: 3,
  /** The shortest time that they take together: a busy machine answers later than it did when it was measured. */
  leastMs: 500,
} as const;

/** The times for which a peer counts as one with which data is exchanged, and is polled more often. */
export const talkTimings = {
  /** More than keepalives has to go both ways within this time. */
  windowMs: 3_000,
  /** For so long after that the peer is polled at the pace of traffic, and then as any other. */
  lastsMs: 3_000,
  /**
   * From poll to poll of such a peer if it may be reached elsewhere, and for each peer of the mesh on top: 1.6 % of a core.
   * One poll reads all peers, so that is for all of them together.
   */
  pollMs: 350,
  pollForEachMs: 0.6,
} as const;
