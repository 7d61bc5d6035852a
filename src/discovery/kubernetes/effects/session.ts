import { pause } from "../../effects/index.ts";
import type { KnownNodes } from "../known-nodes.ts";
import { isOlder, type KubernetesNode, readNode } from "../node.ts";
import { completed, type SeenNode } from "../seen-node.ts";
import { doubtfulSilenceMs, listDelayMs } from "../waits.ts";
import { statusOf } from "./api-error.ts";
import type { NodeEvent, NodesApi } from "./nodes-api.ts";

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
  /** Reports that this Node has to be read whole. */
  onUnclear(node: KubernetesNode): void;
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

export interface Following {
  readonly api: NodesApi;
  readonly known: KnownNodes;
  readonly position: Position;
  readonly events: NodesEvents;
  /** The name of this node's own Node, of which an outline is never enough. */
  readonly ownName: string;
}

/**
 * Lists all Nodes, page by page, and watches them from there. When the API ends a watch, the next one goes on at the
 * same position. When the API no longer knows the position (410), the Nodes are listed again, and so they are when the
 * API is behind it: whoever watches from a version of the future hears nothing until the API gets there, and never of
 * what happened meanwhile. Ends only by throwing.
 */
export async function followNodes(following: Following, signal: AbortSignal): Promise<never> {
  const { api, known, position, events } = following;
  for (;;) {
    signal.throwIfAborted();
    const startedAt = performance.now();
    try {
      if (position.resourceVersion !== undefined) noteVersion(await api.version(signal), position, events);
      const isOld = performance.now() >= (position.listAgainAt ?? 0);
      if (position.wentBack || isOld) {
        if (known.isListed) await pause(listDelayMs(known.size, Math.random()), signal);
        await listNodes(following, signal);
      }
      await watchNodes(following, signal);
    } catch (error) {
      if (statusOf(error) !== gone) throw error;
      position.listAgainAt = 0;
    }
    await pause(Math.max(0, startedAt + leastBetweenMs - performance.now()), signal);
  }
}

async function listNodes(
  { api, known, position, events, ownName }: Following,
  signal: AbortSignal,
): Promise<void> {
  const seen: SeenNode[] = [];
  let next: string | undefined;
  let resourceVersion = "";
  do {
    const page = await api.list(next, signal);
    seen.push(...page.nodes);
    ({ next, resourceVersion } = { next: page.next, resourceVersion: page.resourceVersion });
  } while (next !== undefined);
  const own = seen.find(({ node }) => node.name === ownName);
  const wholeOwn = own?.isOutline ? await readOne(api, ownName, signal) : own?.node;
  noteVersion(resourceVersion, position, events);
  const wentBack = position.wentBack === true;
  delete position.wentBack;
  Object.assign(position, { resourceVersion, listAgainAt: performance.now() + listAgainDelayMs() });
  const others = seen.filter((each) => each !== own);
  const nodes = others.map((each) => completed(each, known.get(each.node.name)));
  const isNew = known.replace(wholeOwn ? [...nodes, wholeOwn] : nodes, wentBack);
  for (const each of others) if (each.isUnready) events.onUnclear(each.node);
  if (isNew) events.onChange();
}

async function readOne(
  api: NodesApi,
  name: string,
  signal: AbortSignal,
): Promise<KubernetesNode | undefined> {
  try {
    return readNode(await api.read(name, signal));
  } catch (error) {
    if (statusOf(error) === 404) return undefined; // it was deleted after the list
    throw error;
  }
}

/** Notes whether the API is at an older version than this position. */
function noteVersion(version: string, position: Position, events: NodesEvents): void {
  const before = position.resourceVersion ?? "";
  if (position.wentBack || !isOlder(version, before)) return;
  position.wentBack = true;
  events.onWentBack(version, before);
}

/**
 * Watches Nodes, until the API ends that or turns out to be behind this position. An ERROR event is thrown, with its
 * status.
 */
async function watchNodes(following: Following, signal: AbortSignal): Promise<void> {
  const { api, position, events } = following;
  const over = new AbortController();
  const inside = AbortSignal.any([signal, over.signal]);
  let failure: WatchFailure | undefined;
  let heardAt = performance.now();
  const onEvent = (event: NodeEvent): void => {
    heardAt = performance.now();
    if (event.type === "ERROR") failure = new WatchFailure(event.status ?? 500);
    else takeEvent(event, following);
    if (position.wentBack) over.abort();
  };
  const watching = api.watch(
    position.resourceVersion ?? "",
    { onOpen: () => events.onWatching(), onEvent },
    inside,
  );
  const doubting = untilBehind(following, () => heardAt, inside);
  try {
    await Promise.race([watching, doubting]);
  } catch (error) {
    if (!position.wentBack) throw error;
  } finally {
    over.abort();
    await Promise.allSettled([watching, doubting]);
  }
  if (failure) throw failure;
}

/** Takes an event, unless it is from before the position: then the API went back. */
function takeEvent(
  { type, seen, version }: NodeEvent,
  { known, position, events, ownName }: Following,
): void {
  if (version !== undefined) noteVersion(version, position, events);
  if (position.wentBack) return;
  position.resourceVersion = version ?? position.resourceVersion ?? "";
  for (const each of type === "BOOKMARK" ? [] : seen) {
    const { node, isOutline, isUnready } = each;
    if (type === "DELETED") {
      if (known.remove(node.name, node.uid)) events.onChange();
      continue;
    }
    const before = known.get(node.name);
    const isOwn = node.name === ownName;
    // The answer to this node's own write has told it whole.
    const isNews = before?.uid !== node.uid || before.resourceVersion !== node.resourceVersion;
    if (isOutline && isNews && (isOwn || isUnready)) events.onUnclear(node);
    // Pod networks that are not known are not taken for none.
    const isEnough = !isOutline || !isOwn || before?.uid === node.uid;
    if (isEnough && known.put(completed(each, before))) events.onChange();
  }
}

/** Resolves when a silent API turns out to be behind the position. Whatever else it answers is the watch's business. */
async function untilBehind(
  { api, position, events }: Following,
  heardAt: () => number,
  signal: AbortSignal,
): Promise<void> {
  let askedAt = Number.NEGATIVE_INFINITY;
  while (!signal.aborted && !position.wentBack) {
    const delayMs = doubtfulSilenceMs(Math.random());
    const inMs = Math.max(heardAt(), askedAt) + delayMs - performance.now();
    if (inMs > 0) {
      await pause(inMs, signal);
      continue;
    }
    askedAt = performance.now();
    const version = await api.version(signal).catch(() => undefined);
    if (version !== undefined && !signal.aborted) noteVersion(version, position, events);
  }
}

/** The error that the API sent instead of an event. */
class WatchFailure extends Error {
  readonly statusCode: number;

  constructor(status: number) {
    super("the API ended the watch with an error");
    this.statusCode = status;
  }
}
