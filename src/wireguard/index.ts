export {
  type DesiredDevice,
  type DesiredPeer,
  type Implementation,
  keepaliveSeconds,
  type PeerAction,
} from "./device.ts";
export { type ObservedDevice, type ObservedPeer, parseDump } from "./dump.ts";
export { type Engine, engineText, isSlowEngine, slowEngineCure, slowEngineText } from "./engine.ts";
export {
  chooseImplementation,
  controlSocket,
  type ObservedLink,
  type ObservedWireGuard,
  planNoWireGuard,
  planTunnels,
  withDevice,
} from "./plan.ts";
export { type PeersOfDevice, planPeers } from "./plan-peers.ts";
