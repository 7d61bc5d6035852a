import { type Monitoring, recent, serveMonitoring } from "../../metrics/effects/index.ts";
import type { HostPort } from "../../net/index.ts";
import type { Metrics } from "./metrics.ts";

export type Operations = Monitoring;

/**
 * Serves what monitoring asks: `/metrics`; `/healthz`, which says that the process works; `/readyz`, which says
 * whether clients should use this service. Throws `KubespanError("conflict")` when the address cannot be had.
 */
export function serveOperations(
  listen: HostPort,
  metrics: Metrics,
  isReady: () => boolean,
): Promise<Operations> {
  const collected = recent(() => metrics.text());
  return serveMonitoring(listen, {
    "/metrics": async () => ({ code: 200, text: await collected(), type: metrics.contentType }),
    "/healthz": () => ({ code: 200, text: "ok\n" }),
    "/readyz": () => (isReady() ? { code: 200, text: "ready\n" } : { code: 503, text: "not ready\n" }),
  });
}
