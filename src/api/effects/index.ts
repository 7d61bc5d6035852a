export {
  fetchDefinitions,
  fetchResources,
  fetchStatus,
  fetchWhy,
  requestDown,
  requestEvict,
  requestForget,
  requestLogLevel,
  requestRotateKey,
} from "./client.ts";
export { followResources } from "./follow.ts";
export { serveApi } from "./server.ts";
