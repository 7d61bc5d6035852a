/** The small echoes by which loss and round trip are measured. */
export const smallEchoes = 5;

/** The sizes of packets of which the largest that passes is looked for, where one of the whole MTU does not pass. */
const ladder = [1420, 1380, 1340, 1280] as const;

/** What echoes to a peer tell. Round trips are in milliseconds. */
export interface Measured {
  /** The shortest round trip of a small packet; absent if none came back. */
  readonly roundTripMs?: number;
  /** The share of the small packets that did not come back. */
  readonly lossPercent: number;
  /** The size of the largest packet that passes in both directions, of those that were tried; absent if none did. */
  readonly mtu?: number;
}

/** The sizes to try when a packet of the link's MTU did not come back, the largest first. */
export const smallerThan = (mtu: number): readonly number[] => ladder.filter((size) => size < mtu);

/** The result of the echoes: the round trips of small ones, `undefined` for one that did not come back, and the sizes that did. */
export function measured(small: readonly (number | undefined)[], passed: readonly number[]): Measured {
  const times = small.filter((time) => time !== undefined);
  const lossPercent = small.length === 0 ? 0 : Math.round(100 * (1 - times.length / small.length));
  return {
    ...(times.length > 0 && { roundTripMs: Math.round(Math.min(...times) * 10) / 10 }),
    lossPercent,
    ...(passed.length > 0 && { mtu: Math.max(...passed) }),
  };
}
