import type { Wake } from "../../effects/index.ts";
import { type AnnotationPatch, type Annotations, annotationPatch } from "../annotations.ts";
import type { KnownNodes } from "../known-nodes.ts";
import { readNode } from "../node.ts";
import { retryAfterOf, statusOf } from "./api-error.ts";
import type { NodesApi } from "./nodes-api.ts";

interface PushOptions {
  readonly api: NodesApi;
  readonly known: KnownNodes;
  /** The annotations that this node's Node should have; `undefined` as long as they are not known. */
  readonly wanted: () => Annotations | undefined;
  /** Notified when `wanted` or this node's own Node changed. */
  readonly changed: Wake;
  /** Called with an error that does not end the session, and without one when the annotations are as wanted. */
  readonly onResult: (error?: unknown) => void;
}

/** The least time in milliseconds between two writes, so that a burst of changes is written once. */
const leastBetweenMs = 1_000;
/**
 * The time in milliseconds after which annotations that another program changed are written again. It is long, so that
 * no fight begins.
 */
const putBackMs = 10_000;
const retryMs = 10_000;
const longMs = 60 * 60_000;

interface Written {
  readonly at: number;
  /** The annotations that were wanted, and the uid of their Node. */
  readonly what: string;
}

/**
 * Keeps the annotations of this node's own Node as they are wanted. The watch tells the present ones, so nothing is
 * written twice, and a Node that was made anew gets all of them. Ends only by throwing.
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
      await changed.wait(retryAfterOf(error) ?? retryMs, signal);
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
 * Tells whether the API answered and does not accept this write now: it is not allowed, the Node is gone or was
 * replaced, or the API is too busy. The status 401 is no refusal, since only new credentials help, and those come with
 * a new session.
 */
function isRefusal(error: unknown): boolean {
  const status = statusOf(error);
  return status !== undefined && status !== 401;
}
