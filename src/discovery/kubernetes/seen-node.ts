import { itemsOf, mapOf, textOf } from "./json-parts.ts";
import { type KubernetesNode, outlineOf, readNode } from "./node.ts";

/** The places of the cells of a Table in which a Node's condition and system stand. */
export interface Columns {
  readonly status: number;
  readonly osImage: number;
}

/** A Node as a list or a watch told it. */
export interface SeenNode {
  readonly node: KubernetesNode;
  /**
   * Whether this is an outline: the metadata, and what a Table prints. The pod networks and the host name among the
   * addresses are not in it.
   */
  readonly isOutline: boolean;
  /** Whether the machine may have fallen silent; only the whole Node tells that from one that says it is not ready. */
  readonly isUnready: boolean;
}

/** A page of the list of Nodes. */
export interface NodePage {
  readonly nodes: readonly SeenNode[];
  /** The version of the whole list. A watch from this version misses nothing. */
  readonly resourceVersion: string;
  /** The beginning of the next page, if there is one. */
  readonly next?: string;
}

/** The columns of a Table that says them, which only the first one of a watch does. */
export function columnsOf(object: unknown): Columns | undefined {
  const { kind, columnDefinitions } = mapOf(object);
  if (kind !== "Table" || !Array.isArray(columnDefinitions)) return undefined;
  const names = columnDefinitions.map((column) => textOf(mapOf(column)["name"]));
  const [status, osImage] = [names.indexOf("Status"), names.indexOf("OS-Image")];
  return status < 0 ? undefined : { status, osImage };
}

/** Whether an answer is a list at all, be it an empty one; a portal on the way answers with other things. */
export function isList(object: unknown): boolean {
  const { kind, rows, items } = mapOf(object);
  return kind === "Table" || Array.isArray(rows) || Array.isArray(items);
}

/** Whether an object is a Table without the column that is needed of it. */
export const isUnusable = (object: unknown, columns: Columns | undefined): boolean =>
  mapOf(object)["kind"] === "Table" && columns === undefined;

/** Reads the Nodes in an answer: those of a list or a Table, or the one that it is itself. */
export function seenIn(object: unknown, columns: Columns | undefined): SeenNode[] {
  const { kind, rows, items } = mapOf(object);
  if (kind === "Table") return columns ? all(rows).flatMap((row) => seenInRow(row, columns) ?? []) : [];
  if (items !== undefined) return all(items).flatMap((item) => whole(item) ?? []);
  return [whole(object) ?? []].flat();
}

/** Reads a page of a list. */
export function pageOf(object: unknown, columns: Columns | undefined): NodePage {
  const { continue: next } = mapOf(mapOf(object)["metadata"]);
  return {
    nodes: seenIn(object, columns),
    resourceVersion: versionOf(object) ?? "",
    ...(typeof next === "string" && next !== "" && { next }),
  };
}

/** The version that an object or a Table tells of itself. */
export function versionOf(object: unknown): string | undefined {
  const { resourceVersion } = mapOf(mapOf(object)["metadata"]);
  return typeof resourceVersion === "string" && resourceVersion !== "" ? resourceVersion : undefined;
}

/**
 * An outline together with what is known of the same Node: whatever it lacks stays as it was. Of a machine that may have
 * fallen silent, the last answer counts until the next one.
 */
export function completed({ node, isOutline, isUnready }: SeenNode, before?: KubernetesNode): KubernetesNode {
  if (!isOutline || before?.uid !== node.uid) return node;
  const { hostname, podCIDRs, isAway } = before;
  return { ...node, hostname, podCIDRs, isAway: isUnready && isAway };
}

function whole(object: unknown): SeenNode | undefined {
  const node = readNode(object);
  return node && { node, isOutline: false, isUnready: false };
}

/** A Node without any condition prints "Unknown", and nobody has ever heard of it. */
function seenInRow(row: unknown, { status, osImage }: Columns): SeenNode | undefined {
  const { cells, object } = mapOf(row);
  const texts = itemsOf(cells).map(textOf);
  const node = outlineOf(object, texts[osImage] ?? "");
  return node && { node, isOutline: true, isUnready: /^NotReady\b/.test(texts[status] ?? "") };
}

const all = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
