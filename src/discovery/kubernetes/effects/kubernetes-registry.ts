import type { Logger } from "pino";
import { errorText, KubespanError } from "../../../base/index.ts";
import type { KubernetesConfig } from "../../../config/index.ts";
import type { Affiliate } from "../../affiliate.ts";
import { failuresAfter, reconnectDelay } from "../../backoff.ts";
import { pause, Wake } from "../../effects/index.ts";
import type { Announcement, Registry, RegistryState } from "../../registry.ts";
import { type Annotations, annotationPatch, annotationsOf } from "../annotations.ts";
import { KnownNodes } from "../known-nodes.ts";
import { readNode } from "../node.ts";
import { apiError, statusOf } from "./api-error.ts";
import { type NodesApi, openNodesApi } from "./nodes-api.ts";
import { pushAnnotations } from "./push.ts";
import { followNodes, type NodesEvents, type Position } from "./session.ts";

interface KubernetesRegistryOptions {
  readonly kubernetes: KubernetesConfig;
  /** Of this node. */
  readonly nodeId: string;
  /** Of this node in Kubernetes. */
  readonly nodeName: string;
  readonly log: Logger;
}

/** Someone waits for the node to leave: better tell nobody than take long. */
const withdrawMs = 3_000;

/**
 * The other nodes as the annotations of Node objects tell them (reference section 5). Endpoints that were observed of
 * others are not published: a node writes to its own Node only. It needs `start` to do anything.
 */
export const createKubernetesRegistry = (options: KubernetesRegistryOptions): Registry =>
  new KubernetesRegistry(options);

class KubernetesRegistry implements Registry {
  readonly isSealed = false;
  readonly #options: KubernetesRegistryOptions;
  readonly #log: Logger;
  readonly #known: KnownNodes;
  readonly #changed = new Wake();
  readonly #position: Position = {};
  #location: string;
  #wanted: Annotations | undefined;
  #phase: RegistryState["phase"] = "stopped";
  #error: string | undefined;
  #pushError: string | undefined;
  #toldRefused = new Set<string>();
  #onChange: (() => void) | undefined;
  #isToldSoon = false;
  #running: { readonly stop: AbortController; readonly ended: Promise<void> } | undefined;

  constructor(options: KubernetesRegistryOptions) {
    this.#options = options;
    this.#log = options.log.child({ registry: "kubernetes" });
    this.#known = new KnownNodes(options.nodeId, options.nodeName);
    this.#location = options.kubernetes.kubeconfig ?? "in the cluster";
  }

  start(onChange: () => void): void {
    if (this.#running) return;
    this.#onChange = onChange;
    const stop = new AbortController();
    this.#phase = "connecting";
    this.#running = { stop, ended: this.#run(stop.signal) };
  }

  /** Before the own Node is known, it is not known either which networks belong into the announcement. */
  publish({ own }: Announcement): void {
    if (this.#phase !== "connected" && this.#wanted === undefined) return;
    this.#wanted = annotationsOf(own);
    this.#changed.notify();
  }

  affiliates(): readonly Affiliate[] {
    return this.#known.affiliates();
  }

  deletedNodes(): ReadonlySet<string> {
    return this.#known.deleted();
  }

  /** Annotations have no numbers: nobody vouches for them. */
  ownNumber(): number {
    return 0;
  }

  state(): RegistryState {
    const error = this.#error ?? this.#missingNode() ?? this.#pushError;
    return {
      name: "kubernetes",
      location: this.#location,
      phase: this.#phase,
      ...(error !== undefined && { error }),
      affiliates: this.#known.affiliates().length,
      refused: this.#known.refused(),
      podNetworks: this.#known.podNetworks(),
    };
  }

  /** Takes our annotations away, unless another daemon wrote them; `publish` and `start` begin anew. */
  async withdraw(): Promise<void> {
    await this.stop();
    this.#wanted = undefined;
    const { kubernetes, nodeId, nodeName } = this.#options;
    const signal = AbortSignal.timeout(withdrawMs);
    try {
      const api = await this.#open(kubernetes);
      const node = readNode(await api.read(nodeName, signal));
      const patch = node?.annotations.nodeId === nodeId ? annotationPatch({}, node.annotations) : undefined;
      if (node && patch) await api.patch(node, patch, signal);
    } catch (error) {
      if (statusOf(error) !== 404) throw apiError(error, this.#location); // without a Node nobody knows of us
    }
  }

  async stop(): Promise<void> {
    const running = this.#running;
    this.#onChange = undefined;
    running?.stop.abort();
    await running?.ended;
    this.#running = undefined;
    this.#phase = "stopped";
  }

  /** Session after session, until stopped. Never rejects. */
  async #run(signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted; ) {
      const workedForMs = await this.#session(signal);
      if (signal.aborted) return;
      failures = failuresAfter(failures, workedForMs);
      await pause(reconnectDelay(failures, Math.random()), signal);
    }
  }

  /** One session to its end, which is the first thing that fails. Gives for how long it had worked. */
  async #session(signal: AbortSignal): Promise<number | undefined> {
    const over = new AbortController();
    const inside = AbortSignal.any([signal, over.signal]);
    let since: number | undefined;
    const events: NodesEvents = {
      onWatching: () => {
        since ??= performance.now();
        this.#watching();
      },
      onChange: () => this.#nodesChanged(),
    };
    const activities: Promise<never>[] = [];
    try {
      const api = await this.#open(this.#options.kubernetes);
      activities.push(followNodes(api, this.#known, this.#position, events, inside), this.#push(api, inside));
      await Promise.race(activities);
    } catch (error) {
      if (!signal.aborted) this.#failed(error);
    } finally {
      over.abort();
      await Promise.allSettled(activities);
    }
    return since === undefined ? undefined : performance.now() - since;
  }

  async #open(kubernetes: KubernetesConfig): Promise<NodesApi> {
    const api = await openNodesApi(kubernetes);
    this.#location = api.location;
    return api;
  }

  #push(api: NodesApi, signal: AbortSignal): Promise<never> {
    const { nodeName } = this.#options;
    const onResult = (error?: unknown): void => {
      const text = error === undefined ? undefined : errorText(apiError(error, this.#location));
      if (text === this.#pushError) return;
      if (text !== undefined) this.#log.warn(`Node ${nodeName} cannot be annotated: ${text}`);
      this.#pushError = text;
      this.#tellSoon();
    };
    const [known, changed] = [this.#known, this.#changed];
    return pushAnnotations({ api, known, wanted: () => this.#wanted, changed, onResult }, signal);
  }

  #watching(): void {
    if (this.#phase === "connected") return;
    this.#phase = "connected";
    this.#error = undefined;
    this.#log.info({ affiliates: this.#known.affiliates().length }, "connected to the Kubernetes API");
    const missing = this.#missingNode();
    if (missing !== undefined) this.#log.warn(missing);
    this.#tellSoon();
  }

  #nodesChanged(): void {
    const refused = new Set(this.#known.refused().map(({ reason }) => reason));
    for (const reason of refused) if (!this.#toldRefused.has(reason)) this.#log.warn(reason);
    this.#toldRefused = refused;
    this.#changed.notify();
    this.#tellSoon();
  }

  #missingNode(): string | undefined {
    if (this.#phase !== "connected" || this.#known.own()) return undefined;
    return `Kubernetes has no Node ${this.#options.nodeName}: this node is not announced there (set node.name?)`;
  }

  /** Said once, however often it is tried. */
  #failed(thrown: unknown): void {
    const known = thrown instanceof KubespanError ? thrown : apiError(thrown, this.#location);
    const error = errorText(known);
    if (error === this.#error) this.#log.debug(error);
    else this.#log.warn(error);
    this.#phase = "connecting";
    this.#error = error;
    this.#tellSoon();
  }

  #tellSoon(): void {
    if (this.#isToldSoon) return;
    this.#isToldSoon = true;
    setImmediate(() => {
      this.#isToldSoon = false;
      this.#onChange?.();
    });
  }
}
