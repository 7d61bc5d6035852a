import { isDeepStrictEqual } from "node:util";
import type { Affiliate } from "../affiliate.ts";
import type { Decoded } from "../decode.ts";
import { limits } from "../limits.ts";
import { printable } from "../text.ts";
import type { RefusedAffiliate } from "../told.ts";
import { compareTwins, type KubernetesNode } from "./node.ts";
import { readAffiliate } from "./read-affiliate.ts";
import { SortedNames } from "./sorted-names.ts";

/** The number of refusals that are told, so that bad annotations fill no memory and no screen. */
const maxRefused = 128;

/** What all Nodes say together. */
export interface Sum {
  readonly affiliates: readonly Affiliate[];
  readonly refused: readonly RefusedAffiliate[];
  readonly away: ReadonlySet<string>;
}

interface Reading {
  readonly node: KubernetesNode;
  readonly decoded: Decoded;
}

/**
 * What the Nodes of the others say. Each is read when it changes, and no other is read for that; the sum is drawn when
 * somebody asks for it.
 */
export class Readings {
  readonly #ownId: string;
  readonly #byName = new Map<string, Reading>();
  readonly #names = new SortedNames();
  /** The Nodes with each node id: several, if a machine was renamed. */
  readonly #byNodeId = new Map<string, Set<KubernetesNode>>();
  #sum: Sum | undefined;

  constructor(ownId: string) {
    this.#ownId = ownId;
  }

  /** Takes the present state of a Node, which says something new. */
  put(node: KubernetesNode): void {
    const before = this.#byName.get(node.name);
    const decoded = readAffiliate(node);
    if (!decoded) return this.remove(node.name);
    if (before) this.#separate(before.node);
    else this.#names.add(node.name);
    this.#byName.set(node.name, { node, decoded: unlessNew(before?.decoded, decoded) });
    const nodeId = node.annotations.nodeId ?? "";
    this.#byNodeId.set(nodeId, (this.#byNodeId.get(nodeId) ?? new Set()).add(node));
    this.#sum = undefined;
  }

  remove(name: string): void {
    const before = this.#byName.get(name);
    if (!before) return;
    this.#separate(before.node);
    this.#byName.delete(name);
    this.#names.remove(name);
    this.#sum = undefined;
  }

  #separate(node: KubernetesNode): void {
    const nodeId = node.annotations.nodeId ?? "";
    const twins = this.#byNodeId.get(nodeId);
    twins?.delete(node);
    if (twins?.size === 0) this.#byNodeId.delete(nodeId);
  }

  /** What they say together, in the order of their names, so that every node that reads them gives the same. */
  sum(): Sum {
    this.#sum ??= this.#drawSum();
    return this.#sum;
  }

  #drawSum(): Sum {
    const affiliates: Affiliate[] = [];
    const refused: RefusedAffiliate[] = [];
    const away = new Set<string>();
    const counting = new Map<string, KubernetesNode>();
    for (const [nodeId, twins] of this.#byNodeId) if (twins.size > 1) counting.set(nodeId, bestOf(twins));
    const refuse = (node: KubernetesNode, reason: string, more: { partly?: true } = {}): void => {
      if (refused.length >= maxRefused) return;
      const nodeId = printable(node.annotations.nodeId ?? "", 64);
      refused.push({ nodeId, reason: `Node ${node.name}: ${reason}`, ...more });
    };
    for (const name of this.#names) {
      const reading = this.#byName.get(name);
      if (!reading) continue;
      const { node, decoded } = reading;
      const reason =
        "refused" in decoded ? decoded.refused : this.#conflict(node, counting, affiliates.length);
      if (reason !== undefined) refuse(node, reason);
      if (reason !== undefined || "refused" in decoded) continue;
      affiliates.push(decoded.affiliate);
      if (node.isAway) away.add(decoded.affiliate.nodeId);
      for (const dropped of decoded.dropped) refuse(node, dropped, { partly: true });
    }
    return { affiliates, refused, away };
  }

  #conflict(
    node: KubernetesNode,
    counting: ReadonlyMap<string, KubernetesNode>,
    affiliates: number,
  ): string | undefined {
    const { nodeId = "" } = node.annotations;
    if (nodeId === this.#ownId) return "it has this node's id";
    const best = counting.get(nodeId) ?? node;
    if (best !== node) return `Node ${best.name} has the same node id, and counts`;
    const most = limits.affiliatesPerCluster;
    return affiliates >= most ? `there are ${most} affiliates already` : undefined;
  }
}

/** The Node that counts of those with one node id. */
const bestOf = (twins: ReadonlySet<KubernetesNode>): KubernetesNode =>
  [...twins].reduce((best, node) => (compareTwins(node, best) < 0 ? node : best));

/** The earlier reading where the later one says the same, so that nobody takes it for news. */
const unlessNew = (before: Decoded | undefined, after: Decoded): Decoded =>
  before && isDeepStrictEqual(before, after) ? before : after;
