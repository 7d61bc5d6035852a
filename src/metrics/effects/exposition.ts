import { Counter, Gauge, type OpenMetricsContentType, Registry, type RegistryContentType } from "prom-client";
import type { Family } from "../family.ts";

export interface Exposition {
  readonly contentType: string;
  readonly text: string;
}

/** Writes metrics in OpenMetrics for those who accept it, and otherwise in the older format of Prometheus. */
export function expose(families: readonly Family[], accepted: string): Promise<Exposition> {
  if (!accepted.includes("application/openmetrics-text")) return written(new Registry(), families);
  const registry = new Registry<OpenMetricsContentType>();
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  return written(registry, families);
}

async function written<Type extends RegistryContentType>(
  registry: Registry<Type>,
  families: readonly Family[],
): Promise<Exposition> {
  for (const family of families) {
    // A metric without labels would be shown as 0 where there is no value.
    if (family.samples.length > 0 || family.labels.length > 0) registry.registerMetric(metricOf(family));
  }
  return { contentType: registry.contentType, text: await registry.metrics() };
}

function metricOf({ name, help, kind, labels, samples }: Family): Gauge | Counter {
  const options = { name, help, labelNames: [...labels], registers: [] };
  if (kind === "gauge") {
    const gauge = new Gauge(options);
    for (const sample of samples) gauge.set(sample.labels, sample.value);
    return gauge;
  }
  const counter = new Counter(options);
  for (const sample of samples) counter.inc(sample.labels, sample.value);
  return counter;
}
