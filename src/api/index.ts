export type { ConnectivityLine, MatrixCell, MatrixLine, MeshNode, NodeName } from "./matrix.ts";
export type { FamilyCheck, Netcheck, RegistryReached } from "./netcheck.ts";
export type {
  Column,
  Definition,
  Listing,
  Resource,
  Resources,
  Spec,
  Watch,
  WatchLine,
} from "./resource.ts";
export type {
  Down,
  Evicted,
  Forgotten,
  KeyRotated,
  LogLevelReport,
  Routes,
  SecretOffer,
  SecretRotated,
} from "./routes.ts";
export { ownSiteOf, siteOf } from "./site.ts";
export {
  type EndpointChangeReport,
  type NodeStatus,
  type ObserverReport,
  type PeerReport,
  type Protection,
  type RacingReport,
  type Status,
} from "./status.ts";
export { peersNamed, portWords, type WayToPeer, wayText, wayTo } from "./way.ts";
export type { DecidedWay, PeerOnTheWay, Taken, Why } from "./why.ts";
export { exitCodeOf, type Progress, type Work, workOf } from "./work.ts";
