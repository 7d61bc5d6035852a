import type { KubeConfig } from "@kubernetes/client-node";
import { parseJson, valueOf } from "../../../base/index.ts";
import type { KubernetesConfig } from "../../../config/index.ts";
import type { Prefix } from "../../../net/index.ts";
import type { AnnotationPatch } from "../annotations.ts";
import { mapOf } from "../json-parts.ts";
import { readNode } from "../node.ts";
import { podNetworksOf } from "../read-affiliate.ts";
import {
  type Columns,
  columnsOf,
  isList,
  isUnusable,
  type NodePage,
  pageOf,
  type SeenNode,
  seenIn,
  versionOf,
} from "../seen-node.ts";
import { loadCredentials } from "./credentials.ts";
import { useProxy } from "./proxy.ts";

/** An event of a watch. */
export interface NodeEvent {
  /** ADDED, MODIFIED, DELETED, BOOKMARK or ERROR. */
  readonly type: string;
  readonly seen: readonly SeenNode[];
  /** The version at which the watch is now. */
  readonly version?: string | undefined;
  /** The status that comes with an ERROR. */
  readonly status?: number | undefined;
}

interface WatchEvents {
  /** Called when the API has begun to answer. */
  readonly onOpen: () => void;
  /** Must not throw. */
  readonly onEvent: (event: NodeEvent) => void;
}

/** The requests to the Kubernetes API that this program makes. Errors are those of client-node. */
export interface NodesApi {
  /** The URL of the API. */
  readonly location: string;
  /** Whether the certificate of the API is checked. */
  readonly isChecked: boolean;
  /** The name of the proxy through which the API is reached, without its password. */
  readonly proxy?: string;
  /** A page of the list of Nodes, as outlines where the API makes them. */
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
const nodesPath = "/api/v1/nodes";
/**
 * The forms in which Nodes are taken. A row of a Table has the metadata of a Node and a few printed cells, which is a
 * seventh of the whole: a Node tells all its images. An API that makes no Tables answers with whole Nodes by itself.
 */
const wholeNodes = "application/json";
const outlines = `application/json;as=Table;v=v1;g=meta.k8s.io,${wholeNodes}`;
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
  const http = library.createConfiguration().httpApi;
  let accepted = outlines;
  let columns: Columns | undefined;

  /** A GET for Nodes whose answer is read as it comes, as the library reads no Tables. */
  const ask = async (query: string, signal: AbortSignal): Promise<unknown> => {
    const server = credentials.getCurrentCluster()?.server ?? "";
    const request = new library.RequestContext(`${server}${nodesPath}?${query}`, library.HttpMethod.GET);
    request.setHeaderParam("Accept", accepted);
    await credentials.applySecurityAuthentication(request);
    request.setSignal(AbortSignal.any([signal, AbortSignal.timeout(requestMs)]));
    const { httpStatusCode: code, headers, body } = await http.send(request).toPromise();
    const text = await body.text();
    if (code !== 200)
      throw new library.ApiException(code, "the API refused a list of Nodes", undefined, headers);
    const answer = valueOf(parseJson(text));
    if (!isList(answer)) throw new Error("the answer is no list of Nodes");
    columns = columnsOf(answer) ?? columns;
    if (accepted === wholeNodes || !isUnusable(answer, columns)) return answer;
    accepted = wholeNodes;
    return ask(query, signal);
  };
  const eventOf = (type: string, object: unknown): NodeEvent => {
    columns = columnsOf(object) ?? columns;
    const { code } = mapOf(type === "ERROR" ? object : undefined);
    const status = typeof code === "number" ? code : undefined;
    return { type, seen: seenIn(object, columns), version: versionOf(object), status };
  };
  const watcher = new library.Watch(accepting(credentials, () => accepted));
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
      const page = { limit: String(pageSize), ...(next !== undefined && { continue: next }) };
      const answer = await ask(new URLSearchParams(page).toString(), signal);
      return pageOf(answer, columns);
    },
    version: async (signal) => versionOf(await ask("limit=1", signal)) ?? "",
    watch: (resourceVersion, { onOpen, onEvent }, signal) =>
      new Promise((resolve, reject) => {
        let isOver = false;
        const parameters = { resourceVersion, allowWatchBookmarks: true, timeoutSeconds: watchSeconds() };
        const done = (error: unknown): void => {
          isOver = true;
          if (error) reject(error instanceof Error ? error : new Error("the watch failed"));
          else resolve();
        };
        const opened = watcher.watch(
          nodesPath,
          parameters,
          (type, object) => onEvent(eventOf(type, object)),
          done,
        );
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

/** The credentials for a watch, whose request takes this form: the library asks for none. */
function accepting(credentials: KubeConfig, form: () => string): KubeConfig {
  const applySecurityAuthentication: KubeConfig["applySecurityAuthentication"] = async (request) => {
    request.setHeaderParam("Accept", form());
    await credentials.applySecurityAuthentication(request);
  };
  return Object.assign(Object.create(credentials) as KubeConfig, { applySecurityAuthentication });
}
