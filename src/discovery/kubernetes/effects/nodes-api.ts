import type { KubernetesConfig } from "../../../config/index.ts";
import type { AnnotationPatch } from "../annotations.ts";
import { loadCredentials } from "./credentials.ts";

/** A page of the list of Nodes. */
interface NodePage {
  readonly nodes: readonly unknown[];
  /** Of the whole list: a watch from here misses nothing. */
  readonly resourceVersion: string;
  /** Where the next page begins, if there is one. */
  readonly next?: string;
}

interface WatchEvents {
  /** The API has begun to answer. */
  readonly onOpen: () => void;
  /** Of type ADDED, MODIFIED, DELETED, BOOKMARK or ERROR. Must not throw. */
  readonly onEvent: (type: string, object: unknown) => void;
}

/** What is asked of the Kubernetes API, and no more. Errors are those of client-node. */
export interface NodesApi {
  /** Its URL. */
  readonly location: string;
  list(next: string | undefined, signal: AbortSignal): Promise<NodePage>;
  /** Resolves when the API ends the watch, as it does every few minutes. */
  watch(resourceVersion: string, events: WatchEvents, signal: AbortSignal): Promise<void>;
  /** Changes annotations of one very Node; gives it as it is then. */
  patch(
    node: { name: string; uid: string },
    annotations: AnnotationPatch,
    signal: AbortSignal,
  ): Promise<unknown>;
  read(name: string, signal: AbortSignal): Promise<unknown>;
}

const pageSize = 500;
const requestMs = 30_000;
/** How long the API is asked to keep a watch, s: some minutes, not the same for all nodes. */
const watchSeconds = (): number => 240 + Math.floor(Math.random() * 120);
/** A watch that tells nothing for so long is dead, ms: bookmarks come about every minute. */
const silenceMs = 100_000;

/** The library is large (70 MB of memory), so only who uses it loads it. */
export async function openNodesApi(config: KubernetesConfig): Promise<NodesApi> {
  const library = await import("@kubernetes/client-node");
  const credentials = await loadCredentials(new library.KubeConfig(), config);
  const api = credentials.makeApiClient(library.CoreV1Api);
  const watcher = new library.Watch(credentials);
  Object.assign(watcher, { requestTimeoutMs: silenceMs }); // it has no other way to say it

  const until = (signal: AbortSignal, headers: Readonly<Record<string, string>> = {}) => ({
    middleware: [
      {
        pre: (request: InstanceType<typeof library.RequestContext>) => {
          request.setSignal(AbortSignal.any([signal, AbortSignal.timeout(requestMs)]));
          for (const [name, value] of Object.entries(headers)) request.setHeaderParam(name, value);
          return new library.Observable(Promise.resolve(request));
        },
        post: (response: InstanceType<typeof library.ResponseContext>) =>
          new library.Observable(Promise.resolve(response)),
      },
    ],
    middlewareMergeStrategy: "append" as const,
  });

  return {
    location: credentials.getCurrentCluster()?.server ?? "",
    list: async (next, signal) => {
      const page = { limit: pageSize, ...(next !== undefined && { _continue: next }) };
      const { items, metadata } = await api.listNode(page, until(signal));
      return {
        nodes: items,
        resourceVersion: metadata?.resourceVersion ?? "",
        ...nextOf(metadata),
      };
    },
    watch: (resourceVersion, { onOpen, onEvent }, signal) =>
      new Promise((resolve, reject) => {
        let isOver = false;
        const parameters = { resourceVersion, allowWatchBookmarks: true, timeoutSeconds: watchSeconds() };
        const done = (error: unknown): void => {
          isOver = true;
          if (error) reject(error instanceof Error ? error : new Error("the watch failed"));
          else resolve();
        };
        const opened = watcher.watch("/api/v1/nodes", parameters, onEvent, done);
        opened.then((controller) => {
          if (!isOver) onOpen();
          if (signal.aborted) controller.abort();
          signal.addEventListener("abort", () => controller.abort(), { once: true });
        }, reject);
      }),
    patch: ({ name, uid }, annotations, signal) =>
      api.patchNode(
        { name, body: { metadata: { uid, annotations } }, fieldManager: "kubespan" },
        until(signal, { "Content-Type": library.PatchStrategy.MergePatch }),
      ),
    read: (name, signal) => api.readNode({ name }, until(signal)),
  };
}

/** An empty text is no page either. */
const nextOf = (metadata: { readonly _continue?: string } | undefined): { next?: string } => {
  const next = metadata?.["_continue"];
  return next ? { next } : {};
};
