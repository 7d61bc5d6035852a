import type { Endpoint } from "../net/index.ts";

/** The endpoint that answered first, proved to be the peer's. `sentAt` and `answeredAt` are in milliseconds since 1970. */
export interface Answer {
  readonly endpoint: Endpoint;
  readonly sentAt: number;
  readonly answeredAt: number;
  /** The round trip by a clock that nobody sets, to a tenth of a millisecond. */
  readonly roundTripMs: number;
}
