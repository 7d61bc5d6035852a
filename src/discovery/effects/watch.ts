import { KubespanError } from "../../base/index.ts";
import type { KnownAffiliates } from "../known-affiliates.ts";
import type { ClusterClient, WatchResponse } from "../wire/index.ts";

interface WatchOptions {
  readonly client: ClusterClient;
  readonly clusterId: string;
  readonly known: KnownAffiliates;
  /** The milliseconds in which the service has to send its snapshot. */
  readonly snapshotTimeoutMs: number;
  /**
   * The milliseconds in which affiliates that are missing from the snapshot may announce themselves to a restarted
   * service.
   */
  readonly graceMs: number;
  /** Called when `known` changed. `isSnapshot` is true the first time, when `known` became the service's snapshot. */
  readonly onMessage: (isSnapshot: boolean) => void;
}

/** Keeps `known` as the service has it until the watch breaks. Ends only by throwing, also when it is aborted. */
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
      if (isOver) return; // messages left in a buffer must not mix with those of the next watch
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
