/** How often something happened since the racer was opened. */
export interface RaceCounts {
  /** Packets, one for each candidate. */
  readonly sent: number;
  readonly unsent: number;
  readonly answered: number;
  readonly cookies: number;
  /** To no initiation that is waiting: late, replayed, or no answer at all. */
  readonly stray: number;
  readonly forged: number;
  /** From where nothing was sent to. */
  readonly fromElsewhere: number;
}
