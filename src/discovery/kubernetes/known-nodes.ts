import type { Prefix } from "../../net/index.ts";
import type { Affiliate } from "../affiliate.ts";
import { limits } from "../limits.ts";
import { printable } from "../text.ts";
import type { RefusedAffiliate } from "../told.ts";
import { compareTwins, isOlder, type KubernetesNode, saysTheSame } from "./node.ts";
import { podNetworksOf, readAffiliate } from "./read-affiliate.ts";

/** The number of refusals that are told, so that bad annotations fill no memory and no screen. */
const maxRefused = 128;

/** The number of deleted Nodes that are remembered, so that nobody can fill the memory by making and deleting Nodes. */
const mostDeleted = 1024;

interface Read {
  readonly affiliates: readonly Affiliate[];
  readonly refused: readonly RefusedAffiliate[];
  readonly away: ReadonlySet<string>;
}

/** The Nodes of a cluster as the API tells them: those that take part, and this node's own. */
export class KnownNodes {
  readonly #ownId: string;
  readonly #ownName: string;
  /** The Nodes by name. */
  readonly #nodes = new Map<string, KubernetesNode>();
  #read: Read | undefined;
  /** The node ids of Nodes that were deleted and did not come back. */
  readonly #deleted = new Set<string>();
  #isListed = false;
  /** The pod networks of this node's own Node, if the API has lost it. */
  #lostPodNetworks: Prefix[] = [];

  constructor(ownId: string, ownName: string) {
    this.#ownId = ownId;
    this.#ownName = ownName;
  }

  /**
   * Takes the whole list, and believes it whatever was known before: the API may have gone back to an older state. Nodes
   * that are missing from it were deleted, but not if the API did go back, or if the list is empty, since then the API
   * has lost them. Gives whether anything is new.
   */
  replace(nodes: readonly KubernetesNode[], wentBack = false): boolean {
    const names = new Set(nodes.map(({ name }) => name));
    const gone = [...this.#nodes.keys()].filter((name) => !names.has(name));
    const areLost = wentBack || nodes.length === 0;
    const own = this.own();
    if (own) this.#lostPodNetworks = areLost ? podNetworksOf(own) : [];
    const removed = gone.map((name) => (areLost ? this.#forget(name) : this.#delete(name)));
    const changed = nodes.map((node) => this.#take(node));
    this.#isListed = true;
    return [...removed, ...changed].includes(true);
  }

  /** Takes the present state of a Node. Gives whether it says anything new. */
  put(node: KubernetesNode): boolean {
    const before = this.#nodes.get(node.name);
    // The answer to this node's own write may come before an older event.
    const isLate = before?.uid === node.uid && isOlder(node.resourceVersion, before.resourceVersion);
    return !isLate && this.#take(node);
  }

  #take(node: KubernetesNode): boolean {
    const before = this.#nodes.get(node.name);
    const isOfUse = node.annotations.nodeId !== undefined || node.name === this.#ownName;
    if (!isOfUse) return this.#forget(node.name);
    this.#deleted.delete(node.annotations.nodeId ?? "");
    this.#nodes.set(node.name, node);
    if (before && saysTheSame(before, node)) return false;
    this.#read = undefined;
    return true;
  }

  /**
   * Takes the deletion of a Node; with a `uid`, only that of the Node with this uid. Gives whether the Node was known.
   */
  remove(name: string, uid?: string): boolean {
    if (uid !== undefined && this.#nodes.get(name)?.uid !== uid) return false;
    return this.#delete(name);
  }

  /** The node ids of Nodes that were deleted. Nodes that only lost their annotations are not among them. */
  deleted(): ReadonlySet<string> {
    return this.#deleted;
  }

  #delete(name: string): boolean {
    if (name === this.#ownName) this.#lostPodNetworks = [];
    const nodeId = this.#nodes.get(name)?.annotations.nodeId;
    if (nodeId !== undefined && this.#deleted.size < mostDeleted) this.#deleted.add(nodeId);
    return this.#forget(name);
  }

  #forget(name: string): boolean {
    this.#read = undefined;
    return this.#nodes.delete(name);
  }

  /** Tells whether all Nodes were listed once. From then on, a Node that is not known does not exist. */
  get isListed(): boolean {
    return this.#isListed;
  }

  own(): KubernetesNode | undefined {
    return this.#nodes.get(this.#ownName);
  }

  /** The pod networks that Kubernetes gave this node; `undefined` before all Nodes were listed. */
  podNetworks(): Prefix[] | undefined {
    const own = this.own();
    if (own) return podNetworksOf(own);
    return this.#isListed ? this.#lostPodNetworks : undefined;
  }

  affiliates(): readonly Affiliate[] {
    return this.#readAll().affiliates;
  }

  refused(): readonly RefusedAffiliate[] {
    return this.#readAll().refused;
  }

  /** The ids of the nodes of whose machines Kubernetes hears nothing. */
  away(): ReadonlySet<string> {
    return this.#readAll().away;
  }

  #readAll(): Read {
    this.#read ??= this.#readEach();
    return this.#read;
  }

  /** Reads the Nodes in the order of their names, so that every node that reads them gives the same. */
  #readEach(): Read {
    const affiliates = new Map<string, Affiliate>();
    const refused: RefusedAffiliate[] = [];
    const away = new Set<string>();
    const refuse = (node: KubernetesNode, reason: string, more: { partly?: true } = {}): void => {
      const nodeId = printable(node.annotations.nodeId ?? "", 64);
      if (refused.length < maxRefused)
        refused.push({ nodeId, reason: `Node ${node.name}: ${reason}`, ...more });
    };
    const others = [...this.#nodes.values()].filter(({ name }) => name !== this.#ownName);
    const best = bestOfTwins(others);
    for (const node of others.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const result = readAffiliate(node);
      if (!result) continue;
      const counting = best.get(node.annotations.nodeId ?? "");
      const reason = "refused" in result ? result.refused : this.#conflict(node, counting, affiliates.size);
      if (reason !== undefined) refuse(node, reason);
      if (reason !== undefined || "refused" in result) continue;
      affiliates.set(result.affiliate.nodeId, result.affiliate);
      if (node.isAway) away.add(result.affiliate.nodeId);
      for (const dropped of result.dropped) refuse(node, dropped, { partly: true });
    }
    return { affiliates: [...affiliates.values()], refused, away };
  }

  #conflict(
    node: KubernetesNode,
    counting: KubernetesNode | undefined,
    affiliates: number,
  ): string | undefined {
    if (node.annotations.nodeId === this.#ownId) return "it has this node's id";
    if (counting && counting !== node) return `Node ${counting.name} has the same node id, and counts`;
    const most = limits.affiliatesPerCluster;
    return affiliates >= most ? `there are ${most} affiliates already` : undefined;
  }
}

/** The Node that counts for each node id. */
function bestOfTwins(nodes: readonly KubernetesNode[]): ReadonlyMap<string, KubernetesNode> {
  const best = new Map<string, KubernetesNode>();
  for (const node of nodes) {
    const { nodeId = "" } = node.annotations;
    const other = best.get(nodeId);
    if (!other || compareTwins(node, other) < 0) best.set(nodeId, node);
  }
  return best;
}
