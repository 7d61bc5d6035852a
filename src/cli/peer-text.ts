import { type PeerReport, portWords, type Status } from "../api/index.ts";
import { age } from "../base/index.ts";
import { causeText } from "./cause-text.ts";
import { bytes, factsText, fittingTable } from "./render.ts";

/** What `kubespan status PEER` prints on a terminal: all that is known of one peer. */
export function peerText({ warnings }: Status, peer: PeerReport): string {
  const about = warnings.filter(({ who }) => who === peer.label || who === `peer ${peer.label}`);
  const sections = [
    peerFactsText(peer),
    table(
      ["CANDIDATE", "KIND", "ROUND TRIP", "WHY"],
      peer.candidates.map(({ endpoint, kind, reason }) => [
        endpoint,
        kind,
        roundTrip(peer, endpoint),
        reason,
      ]),
    ),
    table(
      ["WARNING", "WHAT"],
      about.map(({ who, what }) => [who, what]),
    ),
    table(
      ["LEFT OUT", "WHY"],
      [...peer.refusedPrefixes, ...peer.refusedCandidates].map(({ value, reason }) => [value, reason]),
    ),
  ];
  return `${sections.filter((section) => section !== "").join("\n\n")}\n`;
}

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  rows.length === 0 ? "" : fittingTable(head, rows);

/** The endpoint to which WireGuard sends; if somebody else passes the packets on there, who that is. */
function endpointText({ endpoint, way }: PeerReport): string {
  if (endpoint === undefined) return "none yet";
  if (way && "via" in way) return `${endpoint}, via ${way.via}`;
  return `${endpoint}${portWords[way?.kind ?? "direct"]}`;
}

function peerFactsText(peer: PeerReport): string {
  const { machine, absent, lastEndpointChange: last } = peer;
  const facts: readonly (readonly [string, string])[] = [
    ["peer", `${peer.label} (${peer.nodeId})`],
    ["state", `${peer.suspected ? "suspected" : peer.state}, for ${age(peer.stateSeconds)}`],
    ...(peer.trouble === undefined ? [] : [["trouble", peer.trouble] as const]),
    ...(peer.causes ?? []).map((cause, at) => [at === 0 ? "cause" : "or", causeText(cause)] as const),
    ...(absent ? [["absent", `for ${age(absent.seconds)}: ${absent.why}`] as const] : []),
    ...(machine ? [["machine", machineText(machine)] as const] : []),
    ["address", peer.address],
    ["public key", peer.publicKey],
    ["endpoint", endpointText(peer)],
    ...(last
      ? [
          [
            "moved",
            `${times(peer.endpointChanges)}, last ${age(last.ageSeconds)} ago: ${changeText(last)}`,
          ] as const,
        ]
      : []),
    ...(peer.pathMtu ? [["path MTU", pathMtuText(peer.pathMtu)] as const] : []),
    ["seen", `${ago(peer.heardAgeSeconds)}, last handshake ${ago(peer.handshakeAgeSeconds)}`],
    ["traffic", `${bytes(peer.receivedBytes)} received, ${bytes(peer.sentBytes)} sent`],
    ...(peer.asked > 0 ? [["asked", `${peer.asked} handshakes, ${peer.answered} answered`] as const] : []),
    ["networks", peer.allowedIPs.join(", ") || "none"],
  ];
  return factsText(facts);
}

const pathMtuText = ({ mtu, seconds, why }: NonNullable<PeerReport["pathMtu"]>): string =>
  `${mtu === undefined ? "only small packets pass" : `${mtu} bytes pass`}, found ${age(seconds)} ago: measured as ${why}`;

const machineText = ({ hostname, machineType, operatingSystem, apiServerPort }: Machine): string =>
  [
    hostname || "no host name",
    machineType === "unknown" ? "machine type not told" : machineType,
    operatingSystem || "system not told",
    ...(apiServerPort === undefined ? [] : [`API server at port ${apiServerPort}`]),
  ].join(", ");

type Machine = NonNullable<PeerReport["machine"]>;

const changeText = ({ from, to, reason }: NonNullable<PeerReport["lastEndpointChange"]>): string =>
  `from ${from} to ${to}: ${reason}`;

const times = (count: number): string => (count === 1 ? "once" : `${count} times`);
const ago = (seconds: number | undefined): string =>
  seconds === undefined ? "never" : `${age(seconds)} ago`;

function roundTrip(
  { roundTrips }: PeerReport,
  endpoint: PeerReport["candidates"][number]["endpoint"],
): string {
  const measured = roundTrips[endpoint];
  return measured === undefined ? "-" : `${measured.toFixed(1)} ms`;
}
