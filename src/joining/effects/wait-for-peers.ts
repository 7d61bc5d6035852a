import { setTimeout as delay } from "node:timers/promises";
import { fetchStatus } from "../../api/effects/index.ts";
import { KubespanError } from "../../base/index.ts";
import { type Progress, progressOf } from "../progress.ts";

const pollMs = 500;

interface Options {
  readonly runDirectory: string;
  /** The ids of the nodes that were there before. */
  readonly others: readonly string[];
  readonly seconds: number;
  /** Told whenever something has changed. */
  readonly onProgress: (text: string) => void;
}

/** Waits until all peers that the daemon knows are up, or for so many seconds. */
export async function waitForPeers({ runDirectory, others, seconds, onProgress }: Options): Promise<boolean> {
  const end = performance.now() + seconds * 1000;
  let last = "";
  for (;;) {
    const { isDone, text } = await progressNow(runDirectory, others);
    if (text !== last) onProgress(text);
    last = text;
    if (isDone) return true;
    if (performance.now() >= end) return false;
    await delay(pollMs);
  }
}

async function progressNow(runDirectory: string, others: readonly string[]): Promise<Progress> {
  try {
    return progressOf(await fetchStatus(runDirectory), others);
  } catch (error) {
    if (error instanceof KubespanError && error.code === "unavailable")
      return { isDone: false, text: "the daemon does not answer yet" };
    throw error;
  }
}
