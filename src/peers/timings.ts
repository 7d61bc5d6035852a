/** All in milliseconds. */
export interface RaceTimings {
  readonly firstInterval: number;
  readonly growth: number;
  readonly longestInterval: number;
  /** Volleys in vain after which the two only meet, and how often they do. */
  readonly volleysInHaste: number;
  readonly meetingInterval: number;
  /** From our initiation to WireGuard's: a peer takes one in 20 ms, by a clock of its own that ticks each 4 ms. */
  readonly initiationGap: number;
  /** What the peer with the lower key gets for dialling, once it was heard. */
  readonly precedence: number;
  /** What a dialled peer gets for its handshake before it is raced again, when nothing is known of the way to it. */
  readonly handshake: number;
  /** The same at an endpoint that has just answered a race: so much, and so many of its round trips. */
  readonly handshakeAnswered: number;
  readonly handshakeRoundTrips: number;
  /** Volleys in vain after which serial attempts join in, where they may. */
  readonly volleysAlone: number;
}

/**
 * Two peers that have just learnt of each other miss each other's first packets more often than not, so the second
 * volley follows soon. Routers forget an unanswered mapping after 30 s: two peers behind NATs have to knock more often.
 * A peer that has been silent for about six minutes is knocked at more seldom: both do it when the clock says so.
 */
export const raceTimings: RaceTimings = {
  firstInterval: 250,
  growth: 2,
  longestInterval: 25_000,
  volleysInHaste: 20,
  meetingInterval: 120_000,
  initiationGap: 25,
  precedence: 1_000,
  handshake: 1_000,
  handshakeAnswered: 250,
  handshakeRoundTrips: 5,
  volleysAlone: 4,
};
