export { type Down, type Forgotten } from "./routes.ts";
export {
  type EndpointChangeReport,
  type NodeStatus,
  type PeerReport,
  type RacingReport,
  type Status,
} from "./status.ts";
export { exitCodeOf, type Progress, type Work, workOf } from "./work.ts";
