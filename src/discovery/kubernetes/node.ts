import { isDeepStrictEqual } from "node:util";
import { type Annotations, ownAnnotations } from "./annotations.ts";

/** The part of a Node object that is kept. Only its types and sizes have been checked. */
export interface KubernetesNode {
  readonly name: string;
  /** The uid of the Node, which tells it from a later Node with the same name. */
  readonly uid: string;
  readonly resourceVersion: string;
  readonly annotations: Annotations;
  readonly isControlPlane: boolean;
  readonly osImage: string;
  readonly podCIDRs: readonly string[];
}

const controlPlaneLabel = "node-role.kubernetes.io/control-plane";
/** The largest number of pod networks that are read. Kubernetes allows one for each family. */
const mostPodCIDRs = 16;

/** Reads a Node in the form of the API; `undefined` for an object without a valid name. */
export function readNode(object: unknown): KubernetesNode | undefined {
  const { metadata, spec, status } = mapOf(object);
  const { name, uid, resourceVersion, annotations, labels } = mapOf(metadata);
  if (typeof name !== "string" || !/^[a-z0-9.-]{1,253}$/.test(name)) return undefined;
  const { podCIDRs, podCIDR } = mapOf(spec);
  const networks: unknown[] = Array.isArray(podCIDRs) ? podCIDRs : [podCIDR];
  return {
    name,
    uid: textOf(uid),
    resourceVersion: textOf(resourceVersion),
    annotations: ownAnnotations(mapOf(annotations)),
    isControlPlane: Object.hasOwn(mapOf(labels), controlPlaneLabel),
    osImage: textOf(mapOf(mapOf(status)["nodeInfo"])["osImage"]),
    podCIDRs: networks.filter((network) => typeof network === "string").slice(0, mostPodCIDRs),
  };
}

/**
 * Tells whether a Node is older than another state of it, as far as versions show that. They are numbers that grow, but
 * Kubernetes promises that only since 1.35.
 */
export function isOlder(node: KubernetesNode, than: KubernetesNode): boolean {
  const [left, right] = [node.resourceVersion, than.resourceVersion];
  const isNumber = /^[0-9]{1,20}$/;
  return isNumber.test(left) && isNumber.test(right) && BigInt(left) < BigInt(right);
}

/** Tells whether two states of a Node differ in nothing but their version. Most changes are heartbeats. */
export const saysTheSame = (left: KubernetesNode, right: KubernetesNode): boolean =>
  isDeepStrictEqual({ ...left, resourceVersion: "" }, { ...right, resourceVersion: "" });

const mapOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};

const textOf = (value: unknown): string => (typeof value === "string" ? value.slice(0, 1024) : "");
