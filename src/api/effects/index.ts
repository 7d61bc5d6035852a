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
  requestRotateKey,
} from "./client.ts";
export { isAbsence } from "./failure.ts";
export { followConnectivity, followMatrix, followResources } from "./follow.ts";
export { serveApi } from "./server.ts";
