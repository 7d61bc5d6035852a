import { hasReached, type SecretStage } from "../config/index.ts";

/** A member that is to get the new secret, as the node knew it on which the operator began. */
export interface Receiver {
  readonly nodeId: string;
  /** The public key, in base64. Another key under the same id is not the member that the operator meant. */
  readonly publicKey: string;
  readonly label: string;
  /** The stage that it confirmed last; absent for none. */
  readonly has?: SecretStage;
  /** The number of its last announcement when the old secret was forgotten: a later one shows that it has the new one. */
  readonly number?: number;
}

/** A change of the secret as the node leads it on which the operator began. */
export interface Rollout {
  readonly number: number;
  /** The time from which the old secret is not accepted any more, in milliseconds since 1970. */
  readonly until: number;
  /** The statements of the operator, one for each stage. */
  readonly statements: readonly string[];
  readonly receivers: readonly Receiver[];
}

/** What is known of a receiver at the moment; `undefined` for one that is gone, or that has another key now. */
export interface Seen {
  readonly isConnected: boolean;
  /** The number of its last announcement. */
  readonly number: number;
  /** Whether it announces that it knows the new secret, and whether it seals with that; absent if it announces nothing. */
  readonly shows?: { readonly knows: boolean; readonly seals: boolean };
}

export type See = (receiver: Receiver) => Seen | undefined;

/**
 * The milliseconds for which members that are connected hold up the first stage. Afterwards they are as those that are not:
 * the old secret still opens what they say, and they are told when they can be.
 */
const acceptMs = 10_000;

/** A receiver and what is known of it, without those that are gone. */
const there = ({ receivers }: Rollout, see: See) =>
  receivers.flatMap((receiver) => {
    const seen = see(receiver);
    return seen ? [{ ...receiver, seen }] : [];
  });

const isAt = ({ has }: Receiver, stage: SecretStage): boolean => has !== undefined && hasReached(has, stage);

/** The receivers that are to be told of the stage now. */
export const receiversDue = (rollout: Rollout, stage: SecretStage, see: See): readonly Receiver[] =>
  there(rollout, see).filter((each) => each.seen.isConnected && !isAt(each, stage));

/**
 * The stage that follows from what is known; `sinceMs` is the time for which the present one lasts. Nobody seals with the
 * new secret before all that are connected accept it, and nobody forgets the old one before all seal with the new one, or
 * before the time is over that the operator gave.
 */
export function nextStage(
  rollout: Rollout,
  stage: SecretStage,
  see: See,
  { now, sinceMs }: { readonly now: number; readonly sinceMs: number },
): SecretStage {
  const all = there(rollout, see);
  if (stage === "accept") {
    const isAwaited = all.some(
      (each) => each.seen.isConnected && !(isAt(each, stage) && each.seen.shows?.knows !== false),
    );
    return isAwaited && sinceMs < acceptMs ? stage : "seal";
  }
  if (stage === "finish") return stage;
  const isWhole = all.every((each) => isAt(each, stage) && each.seen.shows?.seals !== false);
  return isWhole || now >= rollout.until ? "finish" : stage;
}

/** The rollout once members confirmed a stage. */
export const confirmedBy = (
  rollout: Rollout,
  stage: SecretStage,
  publicKeys: ReadonlySet<string>,
): Rollout =>
  publicKeys.size === 0
    ? rollout
    : {
        ...rollout,
        receivers: rollout.receivers.map((each) =>
          publicKeys.has(each.publicKey) ? { ...each, has: stage } : each,
        ),
      };

/** The rollout when the old secret is forgotten, which notes by what a member that missed it is known to be back. */
export const finishedAt = (rollout: Rollout, see: See): Rollout => ({
  ...rollout,
  receivers: rollout.receivers.map((each) => ({ ...each, number: see(each)?.number ?? 0 })),
});

/** The receivers that do not have the new secret, as far as is known. */
export const missing = (rollout: Rollout, see: See): readonly Receiver[] =>
  there(rollout, see).filter(
    ({ has, number, seen }) => has === undefined && !(number !== undefined && seen.number > number),
  );

/** Whether nothing is left to do: all that are there have forgotten the old secret, or have come by the new one otherwise. */
export const isOver = (rollout: Rollout, stage: SecretStage, see: See): boolean =>
  stage === "finish" &&
  missing(rollout, see).length === 0 &&
  there(rollout, see).every((each) => each.has === undefined || isAt(each, stage));
