import type { Endpoint } from "../net/index.ts";

/** The endpoint that answered first, proved to be the peer's. Times in milliseconds since 1970. */
export interface Answer {
  readonly endpoint: Endpoint;
  readonly sentAt: number;
  readonly answeredAt: number;
  /** By a clock that nobody sets, to a tenth of a millisecond. */
  readonly roundTripMs: number;
}
