import { hostname } from "node:os";
import type { Logger } from "pino";
import { errorText, type KubespanError } from "../../../base/index.ts";
import { type KubernetesConfig, proxiesKey } from "../../../config/index.ts";
import {
  type RegistryDriver,
  type RegistryKind,
  registryWith,
  type Session,
  untilOneFails,
  Wake,
} from "../../effects/index.ts";
import type { Announcement, Registry } from "../../registry.ts";
import { nothingTold, type RegistryServer, type Told } from "../../told.ts";
import { type Annotations, annotationPatch, annotationsOf } from "../annotations.ts";
import { KnownNodes } from "../known-nodes.ts";
import { Lookups } from "../lookups.ts";
import { readNode } from "../node.ts";
import { serversOf } from "../servers.ts";
import { listDelayMs, readEveryMs } from "../waits.ts";
import { apiError, retryAfterOf, statusOf } from "./api-error.ts";
import { lookUpNodes } from "./look-up.ts";
import { type NodesApi, openNodesApi } from "./nodes-api.ts";
import { pushAnnotations } from "./push.ts";
import { followNodes, type NodesEvents, type Position } from "./session.ts";

interface KubernetesRegistryOptions {
  readonly kubernetes: KubernetesConfig;
  /** The id of this node. */
  readonly nodeId: string;
  /** The name of this node's Node object. */
  readonly nodeName: string;
  readonly log: Logger;
}

/** The limit for the withdrawal, which is short, as an operator waits for the node to leave. */
const withdrawMs = 3_000;

/** The Nodes of Kubernetes, if the configuration asks for them. */
export const kubernetesNodes: RegistryKind = {
  settings: ({ kubernetes, node }) =>
    kubernetes && { ...kubernetes, proxies: proxiesKey(kubernetes.proxies), name: node.name },
  open: ({ kubernetes, node }, { nodeId, log }) => {
    const nodeName = node.name ?? hostname().toLowerCase();
    return kubernetes ? [createKubernetesRegistry({ kubernetes, nodeId, nodeName, log })] : [];
  },
};

/**
 * Makes a registry that learns of the other nodes from the annotations of Node objects, as Talos nodes do. It does
 * not publish observed endpoints, since a node writes to its own Node only. It does nothing before `start`.
 */
export const createKubernetesRegistry = (options: KubernetesRegistryOptions): Registry =>
  registryWith(new KubernetesDriver(options), options.log);

class KubernetesDriver implements RegistryDriver {
  readonly name = "kubernetes";
  readonly otherSide = "the Kubernetes API";
  readonly #options: KubernetesRegistryOptions;
  readonly #log: Logger;
  readonly #known: KnownNodes;
  readonly #changed = new Wake();
  readonly #position: Position = {};
  /** The readings of whole Nodes: of the own one as it changes, and now and then of one that may have fallen silent. */
  readonly #ownLookups = { lookups: new Lookups(8, () => 1_000), wanted: new Wake() };
  readonly #otherLookups = {
    lookups: new Lookups(8, () => readEveryMs(this.#known.size)),
    wanted: new Wake(),
  };
  #location: string;
  #servers: readonly RegistryServer[] | undefined;
  #proxy: string | undefined;
  #wanted: Annotations | undefined;
  #pushError: string | undefined;
  #loggedRefusals = new Set<string>();
  #isLoggedSoon = false;

  constructor(options: KubernetesRegistryOptions) {
    this.#options = options;
    this.#log = options.log.child({ registry: this.name });
    this.#known = new KnownNodes(options.nodeId, options.nodeName);
    this.#location = options.kubernetes.kubeconfig ?? "in the cluster";
  }

  location(): string {
    return this.#location;
  }

  /** Tells affiliates as unsealed and without numbers, since nobody vouches for annotations. */
  told(): Told {
    return {
      ...nothingTold,
      isSealed: false,
      affiliates: this.#known.affiliates(),
      refused: this.#known.refused(),
      deletedNodes: this.#known.deleted(),
      awayNodes: this.#known.away(),
      podNetworks: this.#known.podNetworks(),
      servers: this.#servers,
    };
  }

  problems(): readonly string[] {
    const { nodeName } = this.#options;
    if (this.#known.isListed && !this.#known.own())
      return [`Kubernetes has no Node ${nodeName}: this node is not announced there (set node.name?)`];
    return this.#pushError === undefined ? [] : [`Node ${nodeName} cannot be annotated: ${this.#pushError}`];
  }

  /**
   * Publishes an announcement, but not before the Nodes are listed, since the own Node tells networks that belong into
   * it.
   */
  publish({ own }: Announcement): void {
    if (!this.#known.isListed) return;
    this.#wanted = annotationsOf(own);
    this.#changed.notify();
  }

  async session(session: Session, signal: AbortSignal): Promise<never> {
    const api = await this.#open();
    const ownName = this.#options.nodeName;
    session.changed(); // the way to the API may have to be opened before the first answer can come
    const events: NodesEvents = {
      // A Node that cannot be annotated is no reason to connect again.
      onWatching: () => {
        session.connected();
        session.announced();
      },
      onChange: () => this.#nodesChanged(session),
      onUnclear: ({ name }) => {
        const { lookups, wanted } = name === ownName ? this.#ownLookups : this.#otherLookups;
        lookups.want(name);
        wanted.notify();
      },
      onWentBack: (version, before) =>
        this.#log.warn(
          `the Kubernetes API went back from version ${before} to ${version}, as after etcd was restored from a ` +
            "backup: all Nodes are listed anew, and those that are missing now are not taken for deleted",
        ),
    };
    const [known, position] = [this.#known, this.#position];
    const reading = { api, known, onChange: () => this.#nodesChanged(session) };
    const spreadMs = (): number => listDelayMs(known.size, Math.random());
    return untilOneFails(signal, (inside) => [
      followNodes({ api, known, position, events, ownName }, inside),
      lookUpNodes({ ...reading, ...this.#ownLookups, spreadMs: () => 0 }, inside),
      lookUpNodes({ ...reading, ...this.#otherLookups, spreadMs }, inside),
      this.#push(api, session, inside),
    ]);
  }

  /** Removes the annotations of KubeSpan, unless another daemon wrote them. */
  async withdraw(): Promise<void> {
    this.#wanted = undefined;
    const { nodeId, nodeName } = this.#options;
    const signal = AbortSignal.timeout(withdrawMs);
    try {
      const api = await this.#open();
      const node = readNode(await api.read(nodeName, signal));
      const patch = node?.annotations.nodeId === nodeId ? annotationPatch({}, node.annotations) : undefined;
      if (node && patch) await api.patch(node, patch, signal);
    } catch (error) {
      if (statusOf(error) !== 404) throw this.explain(error); // without a Node there is nothing to remove
    }
  }

  explain(thrown: unknown): KubespanError {
    return apiError(thrown, this.#location, this.#proxy);
  }

  waitMs(thrown: unknown): number | undefined {
    return retryAfterOf(thrown);
  }

  async #open(): Promise<NodesApi> {
    const api = await openNodesApi(this.#options.kubernetes);
    this.#location = api.location;
    this.#servers = serversOf(api, this.#options.kubernetes);
    this.#proxy = api.proxy;
    return api;
  }

  #push(api: NodesApi, session: Session, signal: AbortSignal): Promise<never> {
    const onResult = (error?: unknown): void => {
      const text = error === undefined ? undefined : errorText(this.explain(error));
      if (text === this.#pushError) return;
      this.#pushError = text;
      session.changed();
    };
    const [known, changed] = [this.#known, this.#changed];
    return pushAnnotations({ api, known, wanted: () => this.#wanted, changed, onResult }, signal);
  }

  #nodesChanged(session: Session): void {
    this.#changed.notify();
    session.changed();
    if (this.#isLoggedSoon) return;
    this.#isLoggedSoon = true;
    setImmediate(() => this.#logRefusals());
  }

  /** Logs what is refused now and was not before, once for all Nodes that changed together. */
  #logRefusals(): void {
    this.#isLoggedSoon = false;
    const refused = new Set(this.#known.refused().map(({ reason }) => reason));
    for (const reason of refused) if (!this.#loggedRefusals.has(reason)) this.#log.warn(reason);
    this.#loggedRefusals = refused;
  }
}
