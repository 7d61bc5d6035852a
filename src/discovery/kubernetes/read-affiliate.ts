import {
  type Address,
  type Endpoint,
  familyOf,
  type Prefix,
  parseAddress,
  parseEndpoint,
  parsePort,
  parsePrefix,
} from "../../net/index.ts";
import type { Affiliate, KubespanAffiliate } from "../affiliate.ts";
import type { Decoded } from "../decode.ts";
import { Dropped } from "../dropped.ts";
import { limits } from "../limits.ts";
import { isPublicKey } from "../public-key.ts";
import { isNodeId, isPrintable, noNodeId, printable } from "../text.ts";
import { type Annotations, annotationNames } from "./annotations.ts";
import type { KubernetesNode } from "./node.ts";

/** The largest number of entries in one list. The annotations of a Node have at most 256 KiB. */
const longestList = 1024;

/**
 * Reads the affiliate from a Node's annotations. Anybody who may change Nodes can write anything
 * there, so nothing is believed unchecked. `undefined` for a Node that takes no part. An item that does not parse is
 * dropped and named.
 */
export function readAffiliate(node: KubernetesNode): Decoded | undefined {
  const { nodeId } = node.annotations;
  if (nodeId === undefined) return undefined;
  if (!isNodeId(nodeId)) return { refused: `${annotationNames.nodeId} ${noNodeId}` };
  const dropped = new Dropped();
  const affiliate: Affiliate = {
    nodeId,
    addresses: list(node.annotations, "addresses", parseAddress, longestList, dropped),
    hostname: node.hostname !== "" && isPrintable(node.hostname) ? node.hostname : node.name,
    nodeName: node.name,
    machineType: node.isControlPlane ? "controlplane" : "worker",
    operatingSystem: isPrintable(node.osImage) ? node.osImage.slice(0, 256) : "",
    ...apiServerPortOf(node.annotations, dropped),
    ...kubespanOf(node.annotations, dropped),
  };
  return { affiliate, dropped: dropped.reasons() };
}

/** The pod networks that Kubernetes gave a Node. */
export const podNetworksOf = (node: KubernetesNode): Prefix[] => [
  ...new Set(node.podCIDRs.flatMap((text) => parsePrefix(text) ?? [])),
];

function apiServerPortOf(
  { apiServerPort: text }: Annotations,
  dropped: Dropped,
): { apiServerPort: number } | undefined {
  if (text === undefined) return undefined;
  const port = parsePort(text);
  if (port !== undefined) return { apiServerPort: port };
  dropped.add(`${annotationNames.apiServerPort} "${printable(text, 40)}": not a port`);
  return undefined;
}

/** Reads a node's part in the mesh. A node without a key and an address is in the cluster, but not in the mesh. */
function kubespanOf(annotations: Annotations, dropped: Dropped): { kubespan: KubespanAffiliate } | undefined {
  const publicKey = one(annotations, "publicKey", publicKeyFrom, dropped);
  const address = one(annotations, "address", addressIPv6, dropped);
  if (publicKey === undefined || address === undefined) return undefined;
  return {
    kubespan: {
      publicKey,
      address,
      additionalAddresses: list(annotations, "additionalAddresses", parsePrefix, longestList, dropped),
      excludedNetworks: list(annotations, "excludedNetworks", parsePrefix, longestList, dropped),
      endpoints: list(annotations, "endpoints", parseEndpoint, limits.endpointsPerAffiliate, dropped),
    },
  };
}

const publicKeyFrom = (text: string): string | undefined => (isPublicKey(text) ? text : undefined);

function addressIPv6(text: string): Address | undefined {
  const address = parseAddress(text);
  return address && familyOf(address) === 6 ? address : undefined;
}

function one<Value>(
  annotations: Annotations,
  field: keyof Annotations,
  parse: (text: string) => Value | undefined,
  dropped: Dropped,
): Value | undefined {
  const text = annotations[field];
  const value = text === undefined ? undefined : parse(text);
  if (text !== undefined && value === undefined)
    dropped.add(`${annotationNames[field]} "${printable(text, 60)}": not valid`);
  return value;
}

/** Reads every valid item, in order and without duplicates. The others are named in `dropped`. */
function list<Value extends Address | Endpoint | Prefix>(
  annotations: Annotations,
  field: keyof Annotations,
  parse: (text: string) => Value | undefined,
  longest: number,
  dropped: Dropped,
): Value[] {
  const values = new Set<Value>();
  const items = annotations[field]?.split(",", longest + 1) ?? [];
  for (const item of items.slice(0, longest)) {
    const value = parse(item.trim());
    if (value === undefined) dropped.add(`${annotationNames[field]}, "${printable(item, 60)}": not valid`);
    else values.add(value);
  }
  if (items.length > longest) dropped.add(`${annotationNames[field]}, after the first ${longest}: too many`);
  return [...values];
}
