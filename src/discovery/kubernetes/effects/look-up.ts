import { pause, type Wake } from "../../effects/index.ts";
import type { KnownNodes } from "../known-nodes.ts";
import type { Lookups } from "../lookups.ts";
import { readNode } from "../node.ts";
import { retryAfterOf, statusOf } from "./api-error.ts";
import type { NodesApi } from "./nodes-api.ts";

interface LookUpOptions {
  readonly api: NodesApi;
  readonly known: KnownNodes;
  readonly lookups: Lookups;
  /** Notified when another Node is to be read. */
  readonly wanted: Wake;
  /** The milliseconds to wait before each of them, since what makes one node read it makes all of them. */
  readonly spreadMs: () => number;
  /** Called when `known` says something new. */
  readonly onChange: () => void;
}

const retryMs = 10_000;
const longMs = 60 * 60_000;

/** Reads the Nodes of which an outline does not tell enough. Ends only by throwing. */
export async function lookUpNodes(options: LookUpOptions, signal: AbortSignal): Promise<never> {
  const { api, known, lookups, wanted, spreadMs, onChange } = options;
  for (;;) {
    signal.throwIfAborted();
    const inMs = Math.min(longMs, lookups.dueInMs(performance.now()));
    if (inMs > 0) {
      await wanted.wait(inMs, signal);
      continue;
    }
    await pause(spreadMs(), signal);
    const name = lookups.take(performance.now());
    if (name === undefined) continue;
    try {
      const node = readNode(await api.read(name, signal));
      if (node && known.put(node)) onChange();
    } catch (error) {
      const status = statusOf(error);
      if (status === undefined || status === 401) throw error;
      if (status === 404) continue; // its deletion is told by the watch
      lookups.want(name);
      await wanted.wait(retryAfterOf(error) ?? retryMs, signal);
    }
  }
}
