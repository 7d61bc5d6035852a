/**
 * Whose turn it is, counted in packets, as in self-clocked fair queueing: whoever got many waits until the others got as
 * many. So it costs a peer its own turns, and nobody else's, to announce many endpoints, and whoever comes under ever
 * new names stands behind those that wait.
 */
export interface Turn {
  /** What it got so far, but no less than what was given out when it began to wait. */
  readonly at: number;
  /** It wishes something and did not get it yet. */
  readonly isWaiting: boolean;
}

/** By public key, of peers that wish something or got something lately. */
export type Turns = ReadonlyMap<string, Turn>;

export const waitingTurn = (turn: Turn | undefined, count: number): Turn => ({
  at: turn?.isWaiting ? turn.at : Math.max(turn?.at ?? 0, count),
  isWaiting: true,
});

export const servedTurn = ({ at }: Turn, packets: number): Turn => ({ at: at + packets, isWaiting: false });
