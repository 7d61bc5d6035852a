import { pause } from "../../effects/index.ts";
import type { KnownNodes } from "../known-nodes.ts";
import { isOlder, type KubernetesNode, readNode } from "../node.ts";
import { statusOf } from "./api-error.ts";
import type { NodesApi } from "./nodes-api.ts";

/**
 * The position at which a watch goes on. It is kept between sessions, so that Nodes need not be listed again after an
 * outage.
 */
export interface Position {
  resourceVersion?: string;
  /** The time of `performance.now()` at which all Nodes are listed again; absent before they were listed at all. */
  listAgainAt?: number;
  /** Set if the API went back behind this position, until the Nodes are listed again. */
  wentBack?: true;
}

export interface NodesEvents {
  /** Reports that all Nodes are known and changes are being watched. */
  onWatching(): void;
  /** Reports that `known` says something new. */
  onChange(): void;
  /** Reports that the API is at an older version than it was before. */
  onWentBack(version: string, before: string): void;
}

/**
 * The least time in milliseconds between two watches, or a watch and a list, so that an API that ends them at once is
 * not asked in a tight loop.
 */
const leastBetweenMs = 1_000;
/**
 * The milliseconds after which all Nodes are listed again, although the watch has told every change: about an hour,
 * which differs between nodes. It bounds for how long this node can be wrong, whatever the API may have lost. A thousand
 * nodes that list a thousand Nodes ask the API for less than one page in a second.
 */
const listAgainDelayMs = (): number => (45 + 30 * Math.random()) * 60_000;
/** The status for a position that the API no longer knows. */
const gone = 410;

/**
 * Lists all Nodes, page by page, and watches them from there. When the API ends a watch, the next one goes on at the
 * same position. When the API no longer knows the position (410), the Nodes are listed again, and so they are when the
 * API is behind it: whoever watches from a version of the future hears nothing until the API gets there, and never of
 * what happened meanwhile. Ends only by throwing.
 */
export async function followNodes(
  api: NodesApi,
  known: KnownNodes,
  position: Position,
  events: NodesEvents,
  signal: AbortSignal,
): Promise<never> {
  for (;;) {
    signal.throwIfAborted();
    if (position.resourceVersion !== undefined) noteVersion(await api.version(signal), position, events);
    const isOld = performance.now() >= (position.listAgainAt ?? 0);
    if (position.wentBack || isOld) await listNodes(api, known, position, events, signal);
    const startedAt = performance.now();
    try {
      await watchNodes(api, known, position, events, signal);
    } catch (error) {
      if (statusOf(error) !== gone) throw error;
      position.listAgainAt = 0;
    }
    await pause(Math.max(0, startedAt + leastBetweenMs - performance.now()), signal);
  }
}

async function listNodes(
  api: NodesApi,
  known: KnownNodes,
  position: Position,
  events: NodesEvents,
  signal: AbortSignal,
): Promise<void> {
  const nodes: KubernetesNode[] = [];
  let next: string | undefined;
  let resourceVersion = "";
  do {
    const page = await api.list(next, signal);
    nodes.push(...page.nodes.flatMap((object) => readNode(object) ?? []));
    ({ next, resourceVersion } = { next: page.next, resourceVersion: page.resourceVersion });
  } while (next !== undefined);
  noteVersion(resourceVersion, position, events);
  const wentBack = position.wentBack === true;
  delete position.wentBack;
  Object.assign(position, { resourceVersion, listAgainAt: performance.now() + listAgainDelayMs() });
  if (known.replace(nodes, wentBack)) events.onChange();
}

/** Notes whether the API is at an older version than this position. */
function noteVersion(version: string, position: Position, events: NodesEvents): void {
  const before = position.resourceVersion ?? "";
  if (position.wentBack || !isOlder(version, before)) return;
  position.wentBack = true;
  events.onWentBack(version, before);
}

/** Watches Nodes. An ERROR event is thrown, with its status. */
async function watchNodes(
  api: NodesApi,
  known: KnownNodes,
  position: Position,
  events: NodesEvents,
  signal: AbortSignal,
): Promise<void> {
  let failure: WatchFailure | undefined;
  const onEvent = (type: string, object: unknown): void => {
    if (type === "ERROR") {
      failure = new WatchFailure(object);
      return;
    }
    position.resourceVersion = versionOf(object) ?? position.resourceVersion ?? "";
    const node = type === "BOOKMARK" ? undefined : readNode(object);
    if (!node) return;
    if (type === "DELETED" ? known.remove(node.name, node.uid) : known.put(node)) events.onChange();
  };
  await api.watch(position.resourceVersion ?? "", { onOpen: () => events.onWatching(), onEvent }, signal);
  if (failure) throw failure;
}

function versionOf(object: unknown): string | undefined {
  const metadata = (object as { metadata?: { resourceVersion?: unknown } } | null)?.metadata;
  return typeof metadata?.resourceVersion === "string" ? metadata.resourceVersion : undefined;
}

/** The error that the API sent instead of an event. */
class WatchFailure extends Error {
  readonly statusCode: number;

  constructor(status: unknown) {
    super("the API ended the watch with an error");
    const { code } = (status ?? {}) as { code?: unknown };
    this.statusCode = typeof code === "number" ? code : 500;
  }
}
