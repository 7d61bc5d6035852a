import { readFileSync } from "node:fs";
import type { Capacity } from "../clusters.ts";
import type { Rate } from "../rate-limit.ts";
import type { CallLimits } from "./call.ts";
import type { CallsLimits } from "./calls.ts";
import type { CarrierLimits } from "./carriers.ts";
import type { ConnectionLimits } from "./connections.ts";
import type { HoldingLimits } from "./holdings.ts";
import type { OutletLimits } from "./outlet.ts";
import type { StunBounds } from "./stun-service.ts";
import type { WatcherLimits } from "./watchers.ts";

const mebibyte = 1024 * 1024;

/** The resources of the service, and the share that one address may have of each: mostly a quarter. */
export interface Bounds {
  /** The rate of requests of one node. */
  readonly rate: Rate;
  /** The rate of requests of all nodes behind one address. */
  readonly addressRate: Rate;
  readonly connections: ConnectionLimits;
  readonly calls: CallsLimits;
  readonly call: CallLimits;
  readonly outlet: OutletLimits;
  readonly watchers: WatcherLimits;
  readonly holdings: HoldingLimits;
  readonly stun: StunBounds;
  readonly carriers: CarrierLimits;
}

export const defaultCapacity: Capacity = { clusters: 16_384, bytes: 256 * mebibyte };

export const defaultBounds: Bounds = {
  // This is the rate that the public service grants an address.
  rate: { perSecond: 15, burst: 60 },
  // A thousand nodes that return together send three requests each, and repeat those that failed.
  addressRate: { perSecond: 300, burst: 3000 },
  connections: {
    total: Math.min(16_384, Math.floor(openFiles() * 0.8)),
    perAddress: Math.min(4096, Math.floor(openFiles() * 0.4)),
    perAddressPerSecond: 50,
    perAddressBurst: 1024,
    refusals: 32,
    firstRequestMs: 10_000,
    idleMs: 5 * 60_000,
    pingEveryMs: 30_000,
    pingTimeoutMs: 10_000,
  },
  calls: {
    open: { total: 32_768, perHolder: 8192 },
    unfinished: { total: 4096, perHolder: 1024 },
    rate: { perSecond: 600, burst: 6000 },
  },
  call: { requestBytes: 64 * 1024, requestMs: 10_000, stallMs: 30_000 },
  outlet: {
    unreadBytes: 256 * mebibyte,
    unreadBytesPerAddress: 96 * mebibyte,
    // Snapshots of half a megabyte for a thousand nodes behind one router take half a minute at this rate.
    rate: { perSecond: 16 * mebibyte, burst: 64 * mebibyte },
  },
  watchers: {
    total: 16_384,
    perHolder: 4096,
    perCluster: 2048,
    // All affiliates of the largest cluster, and as many that are gone: whatever waits is kept once for all watchers.
    queued: 2048,
    floor: 64,
  },
  holdings: {
    clusters: { total: defaultCapacity.clusters, perHolder: defaultCapacity.clusters / 16 },
    bytes: { total: defaultCapacity.bytes, perHolder: defaultCapacity.bytes / 4 },
    // This is enough for some 60 affiliates of the usual size.
    floorBytes: 64 * 1024,
    establishedMs: 10 * 60_000,
  },
  // A node asks once in 25 s, and four times in a row when something changes. A thousand may be behind one address.
  stun: { perAddress: { perSecond: 100, burst: 1000 }, total: { perSecond: 5000, burst: 10_000 } },
  carriers: {
    streams: { total: 16_384, perHolder: 4096, perCluster: 1024 },
    // A node that has nothing but this way gets 32 Mbit/s, and all nodes of its cluster, or of its address, four times as much.
    nodeRate: { perSecond: 4 * mebibyte, burst: mebibyte },
    addressRate: { perSecond: 16 * mebibyte, burst: 4 * mebibyte },
    clusterRate: { perSecond: 16 * mebibyte, burst: 4 * mebibyte },
    rate: { perSecond: 64 * mebibyte, burst: 4 * mebibyte },
    laneBytes: mebibyte,
    waitingBytes: 64 * mebibyte,
    queuedInAll: 65_536,
  },
};

/** The number of files, and therefore of connections, that this process may have open. */
function openFiles(): number {
  const line = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"));
  return Number(line?.[1] ?? 1024);
}
