import type { Endpoint } from "../net/index.ts";

/** The endpoint that answered first, proved to be the peer's. Times in milliseconds. */
export interface Answer {
  readonly endpoint: Endpoint;
  readonly sentAt: number;
  readonly answeredAt: number;
}
