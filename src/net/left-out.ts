/** A value that is not used, and the reason in words on which an operator can act (lesson 16). */
export interface LeftOut {
  readonly value: string;
  readonly reason: string;
  /** Set where every machine has the like, such as an address of the loopback link. */
  readonly isUsual?: true;
}
