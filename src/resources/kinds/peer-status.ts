import { kindOf } from "../kind.ts";

export const peerStatuses = kindOf({
  type: "KubeSpanPeerStatuses.kubespan.talos.dev",
  namespace: "kubespan",
  aliases: ["peerstatus", "peerstatuses", "peer", "peers"],
  columns: {
    Label: "label",
    Endpoint: "endpoint",
    State: "state",
    RX: "receiveBytes",
    TX: "transmitBytes",
    Way: "way",
  },
  inputs: ["KubeSpanPeerSpecs.kubespan.talos.dev", "Candidates.kubespan"],
  description: "how each peer is doing",
  draw: ({ status, pass }) =>
    status.peers.map((peer) => {
      const seen = pass?.decision.polled.memory.connections.get(peer.publicKey)?.history;
      const handshakeAt = seen?.handshakeAt ?? pass?.device?.peers.get(peer.publicKey)?.handshakeAt;
      const { endpoint, way, label, state, trouble, suspected, lastEndpointChange } = peer;
      return {
        id: peer.publicKey,
        spec: {
          ...(endpoint !== undefined && { endpoint }),
          ...(way && { way: way.kind, ...("via" in way && { via: way.via }) }),
          label,
          state,
          ...(suspected && { suspected }),
          receiveBytes: peer.receivedBytes,
          transmitBytes: peer.sentBytes,
          ...(handshakeAt !== undefined && { lastHandshakeTime: new Date(handshakeAt).toISOString() }),
          endpointChanges: peer.endpointChanges,
          ...(lastEndpointChange && { lastEndpointChange: lastEndpointChange.reason }),
          ...(trouble !== undefined && { trouble }),
        },
      };
    }),
});
