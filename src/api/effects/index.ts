export {
  fetchDefinitions,
  fetchNetcheck,
  fetchResources,
  fetchStatus,
  fetchWhy,
  requestDown,
  requestEvict,
  requestForget,
  requestLogLevel,
  requestNextSecret,
  requestRotateKey,
  requestRotateSecret,
} from "./client.ts";
export { isAbsence } from "./failure.ts";
export { followConnectivity, followMatrix, followResources } from "./follow.ts";
export { openToGroup } from "./group.ts";
export { serveApi } from "./server.ts";
