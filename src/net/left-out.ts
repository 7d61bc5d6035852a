/** Something that is not used, and why, in words an operator can act on (lesson 16). */
export interface LeftOut {
  readonly value: string;
  readonly reason: string;
}
