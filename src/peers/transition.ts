import { age } from "../base/index.ts";
import type { Connection } from "./connection.ts";
import type { History } from "./history.ts";
import { isCutOff } from "./outflow.ts";
import type { View } from "./proposal.ts";
import type { PeerSpec } from "./spec.ts";
import { historyTimings, monitoringTimings, raceTimings } from "./timings.ts";

/**
 * A change of a peer of which the log is told, once:
 * - `up`: there is a session
 * - `suspected`: it answers nothing where it was
 * - `answers`: a suspected one is heard again
 * - `down`: the session was lost
 * - `unreached`: it never was connected, and not for want of trying
 */
export interface Transition {
  readonly kind: "up" | "suspected" | "answers" | "down" | "unreached";
  readonly text: string;
}

/** What there is to tell of a peer after a poll, and its history after that. */
export function tell(
  before: History | undefined,
  history: History,
  connection: Connection,
  view: View,
  now: number,
): { readonly history: History; readonly transition?: Transition } {
  if (connection.phase === "connecting") {
    if (before?.isUp) {
      const why = lossText(connection, view, now);
      const known = { ...history, why, told: "down" } as const;
      const text = isUnsent(connection, view, now)
        ? `${troubleText(known, view.spec)} (does a firewall here refuse what WireGuard sends?)`
        : guessText(known, view.spec);
      return { history: known, transition: { kind: "down", text: `is down: ${text}` } };
    }
    return unreached(history, view, now);
  }
  const { why: _, ...up } = history;
  if (!before?.isUp) {
    const { endpoint } = view.observed ?? {};
    const gone = before?.wasUp ? ` again, after ${age(seconds(now - before.since))}` : "";
    const text = `is up${gone}${endpoint === undefined ? "" : `, at ${endpoint}`}`;
    return { history: { ...up, told: "up" }, transition: { kind: "up", text } };
  }
  if (connection.phase === "doubted") return suspected(up, view);
  if (history.told !== "suspected") return { history: up };
  return { history: { ...up, told: "up" }, transition: { kind: "answers", text: "answers again" } };
}

/** A doubt that the first questions settle is nobody's business: data in one direction raises one every few seconds. */
function suspected(history: History, view: View): ReturnType<typeof tell> {
  if (history.told === "suspected" || history.asked < raceTimings.roundsToCurrent || history.answered > 0)
    return { history };
  const text = `is suspected: ${questionsText(history)}${endpointText(view)}`;
  return { history: { ...history, told: "suspected" }, transition: { kind: "suspected", text } };
}

function unreached(history: History, view: View, now: number): ReturnType<typeof tell> {
  if (history.told !== "nothing" || now - history.since < historyTimings.unreachedMs) return { history };
  const text = `is not reached: ${guessText(history, view.spec)}`;
  return { history: { ...history, told: "down" }, transition: { kind: "unreached", text } };
}

/** What is wrong with a peer that is not up, as far as it was seen. */
export function troubleText(
  { why, ...history }: History,
  { endpoints }: Pick<PeerSpec, "endpoints">,
): string {
  if (!history.wasUp && endpoints.length === 0) return "there is no endpoint at which it may be dialled";
  return `${why === undefined ? "" : `${why}; `}${questionsText(history)}`;
}

/** Adds the likely causes for the log. `status` finds them from more evidence. */
function guessText(history: History, spec: Pick<PeerSpec, "endpoints">): string {
  const guess = history.wasUp
    ? "is its machine off, or UDP blocked on the way?"
    : "does it run, and is its UDP port open?";
  const text = troubleText(history, spec);
  return spec.endpoints.length === 0 && !history.wasUp ? text : `${text} (${guess})`;
}

function questionsText({ asked, answered }: History): string {
  if (asked === 0) return "nothing was sent yet";
  const what = `${asked} ${asked === 1 ? "handshake" : "handshakes"}`;
  return answered === 0
    ? `${what} unanswered`
    : `${what} sent, ${answered} answered, but no session came of it`;
}

const endpointText = ({ observed }: View): string =>
  observed?.endpoint === undefined ? "" : ` at ${observed.endpoint}`;

/** Why a peer is connected no more. */
function lossText(connection: Connection, view: View, now: number): string {
  const { counters, path } = connection;
  const { observed, shakenAt, unsentSince } = view;
  const at = observed?.endpoint ?? path?.endpoint;
  const reason = (): string => {
    const { silentUnansweredMs } = monitoringTimings;
    if (counters?.unansweredAt !== undefined && now - counters.unansweredAt >= silentUnansweredMs)
      return `nothing came back for ${age(seconds(now - counters.unansweredAt))} of traffic`;
    if (isUnsent(connection, view, now))
      return `nothing that was sent in ${age(seconds(now - (unsentSince ?? now)))} got out of this node`;
    if (counters)
      return `nothing was heard for ${age(seconds(now - counters.receivedAt))}, no keepalive either`;
    if (!observed) return "WireGuard does not know it any more";
    if (observed.handshakeAt === undefined) return "WireGuard has lost its session";
    return `its last handshake is ${age(seconds(now - observed.handshakeAt))} old`;
  };
  const isShaken = shakenAt !== undefined && shakenAt > (connection.received.at ?? 0);
  const shaken = isShaken ? `, since this node lost an address ${age(seconds(now - shakenAt))} ago` : "";
  return `${reason()}${at === undefined ? "" : `, last at ${at}`}${shaken}`;
}

const isUnsent = ({ counters }: Connection, { unsentSince }: View, now: number): boolean =>
  counters !== undefined && isCutOff(counters, unsentSince, "silentUnansweredMs", now);

const seconds = (ms: number): number => Math.max(0, Math.round(ms / 1000));
