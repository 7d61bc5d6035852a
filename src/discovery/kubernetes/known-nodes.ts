import type { Prefix } from "../../net/index.ts";
import type { Affiliate } from "../affiliate.ts";
import type { RefusedAffiliate } from "../told.ts";
import { isOlder, type KubernetesNode, saysTheSame } from "./node.ts";
import { podNetworksOf } from "./read-affiliate.ts";
import { Readings } from "./readings.ts";

/** The number of deleted Nodes that are remembered, so that nobody can fill the memory by making and deleting Nodes. */
const mostDeleted = 1024;

/** The Nodes of a cluster as the API tells them: those that take part, and this node's own. */
export class KnownNodes {
  readonly #ownName: string;
  /** The Nodes by name. */
  readonly #nodes = new Map<string, KubernetesNode>();
  readonly #others: Readings;
  /** The node ids of Nodes that were deleted and did not come back. */
  readonly #deleted = new Set<string>();
  #isListed = false;
  /** The pod networks of this node's own Node, if the API has lost it. */
  #lostPodNetworks: Prefix[] = [];

  constructor(ownId: string, ownName: string) {
    this.#others = new Readings(ownId);
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
    if (node.name !== this.#ownName) this.#others.put(node);
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
    this.#others.remove(name);
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

  /** The number of Nodes that take part. */
  get size(): number {
    return this.#nodes.size;
  }

  /** The Node of this name as it was told last. */
  get(name: string): KubernetesNode | undefined {
    return this.#nodes.get(name);
  }

  affiliates(): readonly Affiliate[] {
    return this.#others.sum().affiliates;
  }

  refused(): readonly RefusedAffiliate[] {
    return this.#others.sum().refused;
  }

  /** The ids of the nodes of whose machines Kubernetes hears nothing. */
  away(): ReadonlySet<string> {
    return this.#others.sum().away;
  }
}
