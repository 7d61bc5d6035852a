/** A value that is not used, and the reason in words on which an operator can act (lesson 16). */
export interface LeftOut {
  readonly value: string;
  readonly reason: string;
}
