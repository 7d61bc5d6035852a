import type { PeerReport, Status } from "../api/index.ts";
import { printable } from "../base/index.ts";
import type { Drawn, Sample } from "./family.ts";

/** A peer, and the link through which it is reached. */
export interface PeerOfLink {
  readonly peer: PeerReport;
  readonly interfaceName: string;
  readonly now: number;
}

export const peersOfLink = ({ peers, node }: Status, now: number): readonly PeerOfLink[] =>
  peers.map((peer) => ({ peer, interfaceName: node.interfaceName, now }));

/** The most characters of a name that a peer gives itself. */
const longestName = 100;

const nameOf = ({ label }: PeerReport): string => printable(label, longestName);

type Value = (peer: PeerReport) => number | undefined;

const labels = ["peer", "id"] as const;

function metric(
  name: string,
  kind: Drawn<PeerOfLink>["kind"],
  help: string,
  value: Value,
): Drawn<PeerOfLink> {
  const draw = ({ peer }: PeerOfLink): readonly Sample[] => {
    const found = value(peer);
    return found === undefined ? [] : [{ labels: { peer: nameOf(peer), id: peer.nodeId }, value: found }];
  };
  return { name: `kubespan_peer_${name}`, kind, labels, help, draw };
}

/** The round trip at the endpoint in use, in seconds. */
const roundTripOf: Value = ({ endpoint, roundTrips }) => {
  const ms = endpoint === undefined ? undefined : roundTrips[endpoint];
  return ms === undefined ? undefined : ms / 1000;
};

/** The series of each peer under names of our own. */
export const perPeer: readonly Drawn<PeerOfLink>[] = [
  metric("up", "gauge", "1 if the peer is connected, else 0", ({ state }) => Number(state === "up")),
  metric(
    "state_seconds",
    "gauge",
    "time since the peer is up, or is not",
    ({ stateSeconds }) => stateSeconds,
  ),
  metric("suspected", "gauge", "1 if the peer is up and an answer that was due is missing", (peer) =>
    Number(peer.suspected ?? false),
  ),
  metric("absent", "gauge", "1 if no registry names the peer any more", (peer) =>
    Number(peer.absent !== undefined),
  ),
  {
    name: "kubespan_peer_way",
    kind: "gauge",
    labels: [...labels, "way"],
    help: "1 for the way that packets take to a peer that is up: direct, relayed or carried",
    draw: ({ peer }) =>
      peer.state === "up" && peer.way
        ? [{ labels: { peer: nameOf(peer), id: peer.nodeId, way: peer.way.kind }, value: 1 }]
        : [],
  },
  metric(
    "handshake_age_seconds",
    "gauge",
    "time since the last handshake; none if there never was one",
    (peer) => peer.handshakeAgeSeconds,
  ),
  metric(
    "heard_age_seconds",
    "gauge",
    "time since anything was received of the peer",
    (peer) => peer.heardAgeSeconds,
  ),
  metric("round_trip_seconds", "gauge", "last measured round trip at the endpoint in use", roundTripOf),
  metric(
    "received_bytes_total",
    "counter",
    "bytes received of the peer",
    ({ receivedBytes }) => receivedBytes,
  ),
  metric("sent_bytes_total", "counter", "bytes sent to the peer", ({ sentBytes }) => sentBytes),
  metric(
    "endpoint_changes_total",
    "counter",
    "changes of the endpoint of the peer",
    (peer) => peer.endpointChanges,
  ),
  metric(
    "attempts",
    "gauge",
    "handshakes sent to the peer since it is missing; 0 while it is not",
    ({ asked }) => asked,
  ),
  metric("answered_attempts", "gauge", "answers to these handshakes", ({ answered }) => answered),
  metric(
    "candidates",
    "gauge",
    "endpoints at which the peer may be dialled",
    ({ candidates }) => candidates.length,
  ),
  metric(
    "refused_prefixes",
    "gauge",
    "networks that the peer claims and is not granted",
    (peer) => peer.refusedPrefixes.length,
  ),
];

/** The most networks of a peer that are named: the labels of a series have to stay small. */
const mostNetworks = 8;

const exporterLabels = ["interface", "public_key", "allowed_ips", "friendly_name"] as const;

function exported(
  name: string,
  kind: Drawn<PeerOfLink>["kind"],
  help: string,
  value: (of: PeerOfLink) => number,
): Drawn<PeerOfLink> {
  const draw = (of: PeerOfLink): readonly Sample[] => {
    const { allowedIPs, publicKey } = of.peer;
    const named = allowedIPs.slice(0, mostNetworks);
    const all = allowedIPs.length > named.length ? [...named, "..."] : named;
    const found = {
      interface: of.interfaceName,
      public_key: publicKey,
      allowed_ips: all.join(","),
      friendly_name: nameOf(of.peer),
    };
    return [{ labels: found, value: value(of) }];
  };
  return { name: `wireguard_${name}`, kind, labels: exporterLabels, help, draw };
}

/** The time of the last handshake in seconds since 1970, or 0. */
const handshakeAt = ({ peer: { handshakeAgeSeconds: age }, now }: PeerOfLink): number =>
  age === undefined ? 0 : Math.max(0, Math.round(now / 1000) - age);

/** The series of each peer under the names of prometheus_wireguard_exporter, which dashboards for WireGuard expect. */
export const perPeerOfExporter: readonly Drawn<PeerOfLink>[] = [
  exported("sent_bytes_total", "counter", "bytes sent to the peer", ({ peer }) => peer.sentBytes),
  exported("received_bytes_total", "counter", "bytes received of the peer", ({ peer }) => peer.receivedBytes),
  exported(
    "latest_handshake_seconds",
    "gauge",
    "time of the last handshake in seconds since 1970; 0 if there never was one",
    handshakeAt,
  ),
];
