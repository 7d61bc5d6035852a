export {
  fetchDefinitions,
  fetchResources,
  fetchStatus,
  fetchWhy,
  requestDown,
  requestEvict,
  requestForget,
  requestLogLevel,
} from "./client.ts";
export { isAbsence } from "./failure.ts";
export { followResources } from "./follow.ts";
export { serveApi } from "./server.ts";
