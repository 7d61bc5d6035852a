/**
 * The stages in which all nodes of a cluster take another secret: all accept it, all seal with it, and all forget those of
 * before.
 */
export const secretStages = ["accept", "seal", "finish"] as const;
export type SecretStage = (typeof secretStages)[number];

/** Tells whether a stage is the other one, or comes after it. */
export const hasReached = (stage: SecretStage, other: SecretStage): boolean =>
  secretStages.indexOf(stage) >= secretStages.indexOf(other);

/** A change of the secret: its number, which grows from one to the next, and how far it is on this node. */
export interface SecretChanged {
  readonly number: number;
  readonly stage: SecretStage;
}
