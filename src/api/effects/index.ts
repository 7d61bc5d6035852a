export { fetchStatus, requestDown, requestForget } from "./client.ts";
export { serveApi } from "./server.ts";
