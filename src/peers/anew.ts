import type { Endpoint } from "../net/index.ts";
import type { Answer } from "../port/index.ts";
import type { Doubted, Probing } from "./connection.ts";
import { pursuitPoll } from "./pace.ts";
import { costOf, type Proposal, type Racing, type View } from "./proposal.ts";
import { relayTimings } from "./timings.ts";

/** The milliseconds that this node leaves to the peer to begin a session: two that begin one at once both lose it. */
export const leftToPeerMs = (
  { answeredAt }: Answer,
  { ownKey }: Racing,
  { publicKey }: View["spec"],
  now: number,
): number => (ownKey < publicKey ? 0 : Math.max(0, answeredAt + relayTimings.precedenceMs - now));

/**
 * The peer answered at an endpoint that stands in. What passes packets on there does so only for sessions whose handshake
 * it has seen, so the peer gets a new one.
 */
export function anew(
  endpoint: Endpoint,
  seen: Doubted | Probing,
  { spec, peers }: View,
  now: number,
): Proposal {
  const { received, roundTrips, path, turn } = seen;
  const action = { kind: "dial", endpoint } as const;
  return {
    cost: costOf(action),
    after: {
      received,
      roundTrips,
      path,
      turn,
      phase: "connecting",
      state: "unknown",
      counters: undefined,
      race: undefined,
      attempt: { endpoint, since: now, round: 0, known: spec.endpoints },
    },
    do: action,
    pollInMs: pursuitPoll({ attempt: undefined, race: undefined, peers }, undefined, now),
  };
}
