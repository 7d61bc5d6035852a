import { type PeerReport, type Status, siteOf, wayTo } from "../api/index.ts";
import { printable } from "../base/index.ts";
import { errorOf, type RegistryState } from "../discovery/index.ts";
import type { Seen } from "../resources/index.ts";
import type { EventRow, NodeView, PageState, PeerRow, RegistryRow, Rows, WarningRow } from "./wire.ts";

/** The most rows of each list. What is beyond them is left out, the oldest events first. */
export const most = { peers: 2048, registries: 64, events: 256, warnings: 128 } as const;

const longestName = 100;
const longestText = 300;

/** Two ages that were rounded to seconds may tell of one moment although they are so far apart. */
const sameMoment = 2_000;

const nameOf = (text: string): string => printable(text, longestName);
const textOf = (text: string): string => printable(text, longestText);

/**
 * Draws the state for a browser from what the daemon has seen. It is bounded, and foreign text in it is printable. Rows of
 * which nothing changed are those of the state before, so that a change is a row that is another object.
 */
export function pageState(
  { status, events }: Pick<Seen, "status" | "events">,
  now: number,
  before?: PageState,
): PageState {
  const { repairs, warnings, registries, peers } = status;
  const known = new Map(before?.peers.map((row) => [row.id, row]));
  const drawn: Rows = {
    peers: peers.slice(0, most.peers).map((peer) => peerRow(peer, now, known.get(peer.nodeId))),
    registries: registries.slice(0, most.registries).map(registryRow),
    events: events.slice(-most.events).map(eventRow),
    repairs: Object.entries(repairs).map(([id, count]) => ({ id, count })),
    warnings: warnings.slice(0, most.warnings).map(warningRow),
  };
  return {
    node: nodeView(status),
    peers: withKnown(drawn.peers, before?.peers),
    registries: withKnown(drawn.registries, before?.registries),
    events: withKnown(drawn.events, before?.events),
    repairs: withKnown(drawn.repairs, before?.repairs),
    warnings: withKnown(drawn.warnings, before?.warnings),
  };
}

/** Puts the row of before in place of one that is equal. */
function withKnown<Row extends { readonly id: string }>(
  rows: readonly Row[],
  before: readonly Row[] = [],
): readonly Row[] {
  const known = new Map(before.map((row) => [row.id, row]));
  return rows.map((row) => {
    const old = known.get(row.id);
    return old && JSON.stringify(old) === JSON.stringify(row) ? old : row;
  });
}

function nodeView({ node, work }: Status): NodeView {
  return {
    name: nameOf(node.hostname),
    address: node.address,
    interfaceName: nameOf(node.interfaceName),
    work: work.state,
    ...("why" in work && { why: textOf(work.why) }),
  };
}

function peerRow(peer: PeerReport, now: number, before: PeerRow | undefined): PeerRow {
  const { endpoint, handshakeAgeSeconds } = peer;
  const way = wayTo(peer);
  const trouble = troubleOf(peer);
  const roundTrip = endpoint === undefined ? undefined : peer.roundTrips[endpoint];
  return {
    id: peer.nodeId,
    name: nameOf(peer.label),
    state: peer.suspected ? "suspected" : peer.state,
    way: way.kind,
    ...("via" in way && { via: nameOf(way.via) }),
    ...(endpoint !== undefined && { endpoint }),
    address: peer.address,
    site: siteOf(peer),
    ...(roundTrip !== undefined && { roundTrip: Math.round(roundTrip * 10) / 10 }),
    since: momentOf(peer.stateSeconds, now, before?.since),
    ...(handshakeAgeSeconds !== undefined && {
      handshakeAt: momentOf(handshakeAgeSeconds, now, before?.handshakeAt),
    }),
    receivedBytes: peer.receivedBytes,
    sentBytes: peer.sentBytes,
    ...(trouble !== undefined && { trouble: textOf(trouble) }),
  };
}

/** The most certain cause with its cure; without one, what is seen. */
function troubleOf({ causes, trouble }: PeerReport): string | undefined {
  const [cause] = causes ?? [];
  return cause ? `${cause.what}: ${cause.cure}` : trouble;
}

function momentOf(ageSeconds: number, now: number, before: number | undefined): number {
  const at = now - ageSeconds * 1000;
  return before !== undefined && Math.abs(at - before) <= sameMoment ? before : at;
}

function registryRow(registry: RegistryState): RegistryRow {
  const error = errorOf(registry);
  return {
    id: nameOf(registry.name),
    phase: registry.phase,
    affiliates: registry.affiliates,
    location: textOf(registry.location),
    ...(error !== undefined && { error: textOf(error) }),
  };
}

const eventRow = ({ number, at, level, text }: Seen["events"][number]): EventRow => ({
  id: String(number),
  at: Date.parse(at),
  level: nameOf(level),
  text: textOf(text),
});

const warningRow = ({ who, what }: Status["warnings"][number], index: number): WarningRow => ({
  id: String(index),
  who: nameOf(who),
  what: textOf(what),
});
