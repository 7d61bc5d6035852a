import { isDeepStrictEqual } from "node:util";
import { type Annotations, annotationNames, ownAnnotations } from "./annotations.ts";
import { itemsOf, mapOf, textOf } from "./json-parts.ts";

/** The part of a Node object that is kept. Only its types and sizes have been checked. */
export interface KubernetesNode {
  readonly name: string;
  /** The uid of the Node, which tells it from a later Node with the same name. */
  readonly uid: string;
  readonly resourceVersion: string;
  readonly annotations: Annotations;
  /** The time in milliseconds since 1970 at which the annotations were last written, or else the Node was made. */
  readonly writtenAt: number;
  /** Tells whether Kubernetes hears nothing of the machine: its kubelet fell silent. */
  readonly isAway: boolean;
  readonly isControlPlane: boolean;
  /** The name that the machine gives itself, which its Node may not have; empty if the Node does not tell. */
  readonly hostname: string;
  readonly osImage: string;
  readonly podCIDRs: readonly string[];
}

const controlPlaneLabel = "node-role.kubernetes.io/control-plane";
/** The label in which a kubelet repeats its host name. */
const hostnameLabel = "kubernetes.io/hostname";
/** What a Table prints in place of a text that is empty. */
const unprinted = "<unknown>";
/** The largest number of pod networks that are read. Kubernetes allows one for each family. */
const mostPodCIDRs = 16;

/** Reads a Node in the form of the API; `undefined` for an object without a valid name. */
export function readNode(object: unknown): KubernetesNode | undefined {
  const { metadata, spec, status } = mapOf(object);
  const { podCIDRs, podCIDR } = mapOf(spec);
  const networks: readonly unknown[] = Array.isArray(podCIDRs) ? podCIDRs : [podCIDR];
  const { conditions, addresses, nodeInfo } = mapOf(status);
  const known = readMetadata(metadata);
  return (
    known && {
      ...known,
      isAway: itemsOf(conditions).some(isSilence),
      hostname:
        itemsOf(addresses)
          .map(hostnameIn)
          .find((text) => text !== "") ?? "",
      osImage: textOf(mapOf(nodeInfo)["osImage"]),
      podCIDRs: networks.filter((network) => typeof network === "string").slice(0, mostPodCIDRs),
    }
  );
}

/** Reads a Node of which only the metadata and the printed system are there. Its machine is not known to be away. */
export function outlineOf(object: unknown, osImage: string): KubernetesNode | undefined {
  const { metadata } = mapOf(object);
  const known = readMetadata(metadata);
  const hostname = textOf(mapOf(mapOf(metadata)["labels"])[hostnameLabel]).slice(0, 253);
  const system = osImage === unprinted ? "" : osImage;
  return known && { ...known, isAway: false, hostname, osImage: system, podCIDRs: [] };
}

type Metadata = Pick<
  KubernetesNode,
  "name" | "uid" | "resourceVersion" | "annotations" | "writtenAt" | "isControlPlane"
>;

function readMetadata(metadata: unknown): Metadata | undefined {
  const { name, uid, resourceVersion, annotations, labels, creationTimestamp, managedFields } =
    mapOf(metadata);
  if (typeof name !== "string" || !/^[a-z0-9.-]{1,253}$/.test(name)) return undefined;
  return {
    name,
    uid: textOf(uid),
    resourceVersion: textOf(resourceVersion),
    annotations: ownAnnotations(mapOf(annotations)),
    writtenAt: Math.max(timeOf(creationTimestamp), ...itemsOf(managedFields).map(writtenBy)),
    isControlPlane: Object.hasOwn(mapOf(labels), controlPlaneLabel),
  };
}

/**
 * Tells whether a version of the API's objects is older than another one, as far as versions show that. They are numbers
 * that grow, but Kubernetes promises that only since 1.35.
 */
export function isOlder(version: string, than: string): boolean {
  const isNumber = /^[0-9]{1,20}$/;
  return isNumber.test(version) && isNumber.test(than) && BigInt(version) < BigInt(than);
}

/**
 * The better one of two Nodes with the same node id first, as a machine that was renamed leaves them: a machine that
 * Kubernetes hears of before one that fell silent, then the annotations that were written later. The name decides last,
 * so that the same one wins on every node.
 */
export const compareTwins = (left: KubernetesNode, right: KubernetesNode): number =>
  Number(left.isAway) - Number(right.isAway) ||
  right.writtenAt - left.writtenAt ||
  (left.name < right.name ? -1 : 1);

/** Tells whether two states of a Node differ in nothing but their version. Most changes are heartbeats. */
export const saysTheSame = (left: KubernetesNode, right: KubernetesNode): boolean =>
  isDeepStrictEqual({ ...left, resourceVersion: "" }, { ...right, resourceVersion: "" });

/** The host name among a Node's addresses, as Talos reads it; empty for an address of another type. */
const hostnameIn = (address: unknown): string => {
  const { type, address: text } = mapOf(address);
  return type === "Hostname" ? textOf(text).slice(0, 253) : "";
};

/**
 * The node controller makes the condition Ready unknown when it has heard nothing of the kubelet for some time, 50 s by
 * default. A Node that is merely not ready has a kubelet that says so.
 */
const isSilence = (condition: unknown): boolean => {
  const { type, status } = mapOf(condition);
  return type === "Ready" && status === "Unknown";
};

/** The time at which a manager of the Node's fields last wrote something, if the node id is one of its fields. */
function writtenBy(manager: unknown): number {
  const { fieldsV1, time } = mapOf(manager);
  const { "f:annotations": annotations } = mapOf(mapOf(fieldsV1)["f:metadata"]);
  return Object.hasOwn(mapOf(annotations), `f:${annotationNames.nodeId}`) ? timeOf(time) : 0;
}

/** The milliseconds since 1970 of a time of the API, a text or already a date; 0 for anything else. */
function timeOf(value: unknown): number {
  const time = value instanceof Date ? value.getTime() : typeof value === "string" ? Date.parse(value) : 0;
  return Number.isFinite(time) ? time : 0;
}
