export { type Monitoring, recent, serveMonitoring } from "./http.ts";
export { MetricsServer } from "./metrics-server.ts";
