import { KubespanError } from "../../base/index.ts";
import type { KnownAffiliates } from "../known-affiliates.ts";
import type { ClusterClient, WatchResponse } from "../wire/index.ts";

interface WatchOptions {
  readonly client: ClusterClient;
  readonly clusterId: string;
  readonly known: KnownAffiliates;
  /** How long the service may take to send its snapshot. */
  readonly snapshotTimeoutMs: number;
  /** How long affiliates that the snapshot did not hold have to tell a restarted service of themselves. */
  readonly graceMs: number;
  /** Called when `known` changed; `true` the first time, when it became the service's snapshot. */
  readonly onMessage: (isSnapshot: boolean) => void;
}

/** Keeps `known` as the service has it until the watch breaks. Only ever ends by throwing, an abort included. */
export function watchCluster(options: WatchOptions, signal: AbortSignal): Promise<never> {
  const { client, clusterId, known, snapshotTimeoutMs, graceMs } = options;
  return new Promise((_, reject) => {
    const stream = client.watch({ clusterId });
    const cancel = (): void => stream.cancel();
    const late = setTimeout(() => end(broken("sent no list of affiliates in time")), snapshotTimeoutMs);
    let graceEnds: NodeJS.Timeout | undefined;
    let isOver = false;
    const end = (error: unknown): void => {
      isOver = true;
      clearTimeout(late);
      clearTimeout(graceEnds);
      signal.removeEventListener("abort", cancel);
      stream.cancel();
      reject(error instanceof Error ? error : new Error(String(error)));
    };
    let isSnapshot = true;
    stream.on("data", (message: WatchResponse) => {
      if (isOver) return; // what was still in a buffer must not mix with what the next watch tells
      clearTimeout(late);
      try {
        take(known, message, isSnapshot);
        options.onMessage(isSnapshot);
        if (isSnapshot)
          graceEnds = setTimeout(() => known.forgetUnconfirmed() && options.onMessage(false), graceMs);
        isSnapshot = false;
      } catch (error) {
        end(error);
      }
    });
    stream.on("error", end);
    stream.on("end", () => end(broken("ended the watch")));
    signal.addEventListener("abort", cancel);
    if (signal.aborted) cancel();
  });
}

const broken = (text: string): KubespanError =>
  new KubespanError("discovery", `the discovery service ${text}`, { hint: "it is tried again" });

function take(known: KnownAffiliates, message: WatchResponse, isSnapshot: boolean): void {
  if (isSnapshot) known.snapshot(message.deleted ? [] : message.affiliates);
  else if (message.deleted) known.remove(message.affiliates.map((affiliate) => affiliate.id));
  else known.update(message.affiliates);
}
