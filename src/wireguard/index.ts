export {
  type DesiredDevice,
  type DesiredPeer,
  type Implementation,
  keepaliveSeconds,
  type PeerAction,
} from "./device.ts";
export { type ObservedDevice, type ObservedPeer, parseDump } from "./dump.ts";
export {
  chooseImplementation,
  controlSocket,
  type ObservedLink,
  type ObservedWireGuard,
  planNoWireGuard,
  planTunnels,
} from "./plan.ts";
export { planPeers } from "./plan-peers.ts";
