import type { Wake } from "../../effects/index.ts";
import { type AnnotationPatch, type Annotations, annotationPatch } from "../annotations.ts";
import type { KnownNodes } from "../known-nodes.ts";
import { readNode } from "../node.ts";
import { statusOf } from "./api-error.ts";
import type { NodesApi } from "./nodes-api.ts";

interface PushOptions {
  readonly api: NodesApi;
  readonly known: KnownNodes;
  /** What this node's annotations are to be; `undefined` as long as that is not known. */
  readonly wanted: () => Annotations | undefined;
  /** Notified when `wanted` or this node's own Node changed. */
  readonly changed: Wake;
  /** With an error that is no reason to stop watching, and without one when all is as wanted. */
  readonly onResult: (error?: unknown) => void;
}

/** Between two writes, ms: what changes in a burst is written once. */
const leastBetweenMs = 1_000;
/** Somebody else changes what we wrote: it is put back, but nobody is drawn into a fight, ms. */
const putBackMs = 10_000;
const retryMs = 10_000;
const longMs = 60 * 60_000;

interface Written {
  readonly at: number;
  /** What was wanted, and of which Node. */
  readonly what: string;
}

/**
 * Keeps the annotations of this node's own Node as they are wanted. What is there is what the watch says, so nothing is
 * written that is there already, and a Node that was made anew gets all of it. Ends only by throwing.
 */
export async function pushAnnotations(options: PushOptions, signal: AbortSignal): Promise<never> {
  const { api, known, changed, onResult } = options;
  let written: Written = { at: Number.NEGATIVE_INFINITY, what: "" };
  for (;;) {
    signal.throwIfAborted();
    const task = taskOf(options);
    if (!task) onResult();
    const inMs = task ? dueIn(written, task.what, performance.now()) : longMs;
    if (!task || inMs > 0) {
      await changed.wait(inMs, signal);
      continue;
    }
    try {
      const node = readNode(await api.patch(task.node, task.patch, signal));
      written = { at: performance.now(), what: task.what };
      if (node) known.put(node);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      onResult(error);
      await changed.wait(retryMs, signal);
    }
  }
}

function taskOf({
  known,
  wanted,
}: PushOptions):
  | { readonly node: { name: string; uid: string }; readonly patch: AnnotationPatch; readonly what: string }
  | undefined {
  const [node, annotations] = [known.own(), wanted()];
  const patch = node && annotations && annotationPatch(annotations, node.annotations);
  return node && patch && { node, patch, what: `${node.uid} ${JSON.stringify(annotations)}` };
}

const dueIn = (written: Written, what: string, now: number): number =>
  written.at + (written.what === what ? putBackMs : leastBetweenMs) - now;

/**
 * The API answered, and does not want this write now: not allowed, the Node is gone or another one by now, too busy.
 * Only new credentials help against 401, and those come with a new session.
 */
function isRefusal(error: unknown): boolean {
  const status = statusOf(error);
  return status !== undefined && status !== 401;
}
