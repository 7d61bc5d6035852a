/** The number of events of each kind since the racer was opened. */
export interface RaceCounts {
  /** The packets that were sent, one for each candidate. */
  readonly sent: number;
  readonly unsent: number;
  readonly answered: number;
  readonly cookies: number;
  /** The packets that answer no initiation that is waiting: they are late, replayed, or no answers at all. */
  readonly stray: number;
  readonly forged: number;
  /** The answers that came from an endpoint to which nothing was sent. */
  readonly fromElsewhere: number;
}
