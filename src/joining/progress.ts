import type { Status } from "../api/index.ts";

/** The progress of a node that was just started. */
export interface Progress {
  readonly isDone: boolean;
  /** The state in a few words, for a line of progress. */
  readonly text: string;
}

/**
 * Whether every node that this one knows is connected. `others` are the ids of the nodes that were there before: as long
 * as one is there and none is known here, the registries have not told them yet.
 */
export function progressOf(
  status: Pick<Status, "work" | "registries" | "peers" | "node">,
  others: readonly string[],
): Progress {
  const { peers, registries, node } = status;
  const isTold = registries.some(({ phase }) => phase === "connected");
  const refusal = registries.map((state) => ("error" in state ? state.error : undefined)).find(Boolean);
  if (!isTold) return { isDone: false, text: refusal ?? "asking the discovery services" };
  const down = peers.filter(({ state }) => state !== "up");
  const isAlone = others.every((id) => id === node.nodeId);
  if (peers.length === 0)
    return { isDone: isAlone, text: isAlone ? "no other node is there yet" : "no other node is known yet" };
  const first = down[0] && `; not ${down[0].label}${down.length > 1 ? ` and ${down.length - 1} more` : ""}`;
  return {
    isDone: down.length === 0,
    text: `${peers.length - down.length} of ${peers.length} peers up${first ?? ""}`,
  };
}
