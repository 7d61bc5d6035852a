/**
 * Whose turn it is, as in weighted fair queueing: each peer gets as many packets as any other that waits. The count is how
 * many each of them could have had so far. Who proposes something takes its turn at the count plus the packets that this
 * takes, or as much later as it has had before; who has got more than the others waits for them. So it costs a peer its own
 * turns, and nobody else's, to announce many endpoints, and whoever comes under ever new names finds those before it that
 * wait for long.
 */
export interface Turn {
  /** The count when it began to wait, or more if it had got more. */
  readonly at: number;
  /** It proposes something that was not granted yet. */
  readonly isWaiting: boolean;
}

export const waitingTurn = (turn: Turn | undefined, count: number): Turn => ({
  at: turn?.isWaiting ? turn.at : Math.max(turn?.at ?? 0, count),
  isWaiting: true,
});

export const servedTurn = ({ at }: Turn, packets: number): Turn => ({ at: at + packets, isWaiting: false });
