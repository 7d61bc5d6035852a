import type { KubernetesConfig } from "../../../config/index.ts";
import type { Prefix } from "../../../net/index.ts";
import type { AnnotationPatch } from "../annotations.ts";
import { readNode } from "../node.ts";
import { podNetworksOf } from "../read-affiliate.ts";
import { loadCredentials } from "./credentials.ts";
import { useProxy } from "./proxy.ts";

/** A page of the list of Nodes. */
interface NodePage {
  readonly nodes: readonly unknown[];
  /** The version of the whole list. A watch from this version misses nothing. */
  readonly resourceVersion: string;
  /** The beginning of the next page, if there is one. */
  readonly next?: string;
}

interface WatchEvents {
  /** Called when the API has begun to answer. */
  readonly onOpen: () => void;
  /** Called with an event of type ADDED, MODIFIED, DELETED, BOOKMARK or ERROR. Must not throw. */
  readonly onEvent: (type: string, object: unknown) => void;
}

/** The requests to the Kubernetes API that this program makes. Errors are those of client-node. */
export interface NodesApi {
  /** The URL of the API. */
  readonly location: string;
  /** Whether the certificate of the API is checked. */
  readonly isChecked: boolean;
  /** The name of the proxy through which the API is reached, without its password. */
  readonly proxy?: string;
  list(next: string | undefined, signal: AbortSignal): Promise<NodePage>;
  /** The present version of the list of Nodes, without most of them. */
  version(signal: AbortSignal): Promise<string>;
  /** Resolves when the API ends the watch, as it does every few minutes. */
  watch(resourceVersion: string, events: WatchEvents, signal: AbortSignal): Promise<void>;
  /** Changes annotations of the Node with this uid. Gives the Node after the change. */
  patch(
    node: { name: string; uid: string },
    annotations: AnnotationPatch,
    signal: AbortSignal,
  ): Promise<unknown>;
  read(name: string, signal: AbortSignal): Promise<unknown>;
}

/** The pod networks of a Node as the API gives it. */
export function podNetworksIn(object: unknown): Prefix[] {
  const node = readNode(object);
  return node ? podNetworksOf(node) : [];
}

const pageSize = 500;
const requestMs = 30_000;
/** The seconds for which the API is asked to keep a watch: some minutes, which differ between nodes. */
const watchSeconds = (): number => 240 + Math.floor(Math.random() * 120);
/** The silence in milliseconds after which a watch is dead. Bookmarks come about every minute. */
const silenceMs = 100_000;

/** Opens the API. The library takes 70 MB of memory, so it is loaded only here. */
export async function openNodesApi(config: KubernetesConfig): Promise<NodesApi> {
  const library = await import("@kubernetes/client-node");
  const credentials = await loadCredentials(new library.KubeConfig(), config);
  const proxy = useProxy(credentials.getCurrentCluster(), config);
  const api = credentials.makeApiClient(library.CoreV1Api);
  const watcher = new library.Watch(credentials);
  Object.assign(watcher, { requestTimeoutMs: silenceMs }); // the library has no option for it

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
    isChecked: credentials.getCurrentCluster()?.skipTLSVerify !== true,
    ...(proxy !== undefined && { proxy }),
    list: async (next, signal) => {
      const page = { limit: pageSize, ...(next !== undefined && { _continue: next }) };
      const { items, metadata } = await api.listNode(page, until(signal));
      return {
        nodes: items,
        resourceVersion: metadata?.resourceVersion ?? "",
        ...nextOf(metadata),
      };
    },
    version: async (signal) =>
      (await api.listNode({ limit: 1 }, until(signal))).metadata?.resourceVersion ?? "",
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

/** The next page, which an empty text does not name. */
const nextOf = (metadata: { readonly _continue?: string } | undefined): { next?: string } => {
  const next = metadata?.["_continue"];
  return next ? { next } : {};
};
