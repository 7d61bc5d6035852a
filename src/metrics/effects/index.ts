export { type Answer, type Monitoring, type Pages, recent, serveMonitoring } from "./http.ts";
export { MetricsServer } from "./metrics-server.ts";
