import { status } from "@grpc/grpc-js";
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { OnAnswer } from "./handlers.ts";
import type { ServiceFigures } from "./start.ts";

export interface Metrics {
  readonly contentType: string;
  readonly onAnswer: OnAnswer;
  text(): Promise<string>;
}

const prefix = "kubespan_discovery_";
const gauges = {
  clusters: "clusters with at least one affiliate",
  affiliates: "affiliates of all clusters",
  bytes: "memory that the affiliates take, roughly",
  watchers: "watches under way",
  connections: "connections of clients",
  unreadBytes: "bytes of answers that clients have not read yet",
} as const;
const counters = {
  changes: "changes of affiliates that watchers were to hear of",
  watchersCutOff: "watches that were ended because they were read too slowly, or to make room for others",
  answersCutOff: "answers that were ended because too many were not read",
  affiliatesCutOff: "affiliates that were deleted to make room for others",
  stunAnswered: "requests of STUN that were answered",
  stunIgnored: "packets at the port for STUN that were no proper requests, or too many",
} as const;
const names = {
  clusters: "clusters",
  affiliates: "affiliates",
  bytes: "bytes",
  watchers: "watchers",
  connections: "connections",
  unreadBytes: "unread_bytes",
  changes: "changes_total",
  watchersCutOff: "watchers_cut_off_total",
  answersCutOff: "answers_cut_off_total",
  affiliatesCutOff: "affiliates_cut_off_total",
  stunAnswered: "stun_answered_total",
  stunIgnored: "stun_ignored_total",
} as const;

/** What is told of the streams of packets; 0 where none is carried. */
const relayed = {
  streams: ["gauge", "relay_streams", "streams of packets between nodes"],
  packets: ["counter", "relay_packets_total", "packets that were handed on between nodes"],
  bytes: ["counter", "relay_bytes_total", "bytes of packets that were handed on between nodes"],
  dropped: [
    "counter",
    "relay_dropped_total",
    "packets for nodes without a stream, or dropped because newer ones waited for the same node or cluster",
  ],
  waitingBytes: [
    "gauge",
    "relay_waiting_bytes",
    "bytes that wait for their turn, with 256 more for each packet",
  ],
  cutOff: ["counter", "relay_streams_cut_off_total", "streams that were ended to make room for others"],
} as const;

/** The metrics. They are numbers only: no label identifies a cluster, an affiliate or an address. */
export function createMetrics(figures: () => ServiceFigures): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const requests = new Counter({
    name: `${prefix}requests_total`,
    help: "requests answered, by method and gRPC status",
    labelNames: ["method", "status"],
    registers,
  });
  const durations = new Histogram({
    name: `${prefix}request_seconds`,
    help: "time until a request was answered",
    labelNames: ["method"],
    buckets: [0.0005, 0.002, 0.01, 0.05, 0.25, 1, 5],
    registers,
  });
  for (const name of Object.keys(gauges) as (keyof typeof gauges)[])
    registry.registerMetric(
      new Gauge({
        name: prefix + names[name],
        help: gauges[name],
        registers: [],
        collect() {
          this.set(figures()[name]);
        },
      }),
    );
  for (const name of Object.keys(counters) as (keyof typeof counters)[])
    registry.registerMetric(
      new Counter({
        name: prefix + names[name],
        help: counters[name],
        registers: [],
        collect() {
          this.reset();
          this.inc(figures()[name]);
        },
      }),
    );
  for (const key of Object.keys(relayed) as (keyof typeof relayed)[]) {
    const [kind, name, help] = relayed[key];
    const value = (): number => figures().relay?.[key] ?? 0;
    const options = { name: prefix + name, help, registers: [] };
    registry.registerMetric(
      kind === "gauge"
        ? new Gauge({
            ...options,
            collect() {
              this.set(value());
            },
          })
        : new Counter({
            ...options,
            collect() {
              this.reset();
              this.inc(value());
            },
          }),
    );
  }
  return {
    contentType: registry.contentType,
    onAnswer: (method, code, tookMs) => {
      requests.inc({ method, status: status[code] });
      durations.observe({ method }, tookMs / 1000);
    },
    text: () => registry.metrics(),
  };
}
