import type { Affiliate } from "../affiliate.ts";

/** The annotations that a node writes to its own Node object (reference section 5), by what they hold. */
export const annotationNames = {
  nodeId: "cluster.talos.dev/node-id",
  addresses: "networking.talos.dev/self-ips",
  apiServerPort: "networking.talos.dev/api-server-port",
  address: "networking.talos.dev/kubespan-ip",
  publicKey: "networking.talos.dev/kubespan-public-key",
  additionalAddresses: "networking.talos.dev/assigned-prefixes",
  endpoints: "networking.talos.dev/kubespan-endpoints",
  excludedNetworks: "networking.talos.dev/kubespan-exclude-advertised-networks",
} as const;

type AnnotationField = keyof typeof annotationNames;

const fields = Object.keys(annotationNames) as AnnotationField[];

/** The values of our annotations on a Node; one that is not there or empty is absent. */
export type Annotations = { readonly [Field in AnnotationField]?: string };

/** What a merge patch says of annotations, by their full names: `null` takes one away. */
export type AnnotationPatch = Readonly<Record<string, string | null>>;

/** What this node says about itself, as annotations. */
export function annotationsOf(own: Affiliate): Annotations {
  const { kubespan } = own;
  return withoutEmpty({
    nodeId: own.nodeId,
    addresses: own.addresses.join(","),
    apiServerPort: String(own.apiServerPort ?? ""),
    address: kubespan?.address ?? "",
    publicKey: kubespan?.publicKey ?? "",
    additionalAddresses: kubespan?.additionalAddresses.join(",") ?? "",
    endpoints: kubespan?.endpoints.join(",") ?? "",
    excludedNetworks: kubespan?.excludedNetworks.join(",") ?? "",
  });
}

/** Our annotations among all that a Node has. */
export const ownAnnotations = (all: Readonly<Record<string, unknown>>): Annotations =>
  withoutEmpty(Object.fromEntries(fields.map((field) => [field, all[annotationNames[field]]])));

/** The change from what a Node has to what is wanted; `undefined` if there is none. */
export function annotationPatch(wanted: Annotations, present: Annotations): AnnotationPatch | undefined {
  const changed = fields.filter((field) => wanted[field] !== present[field]);
  if (changed.length === 0) return undefined;
  return Object.fromEntries(changed.map((field) => [annotationNames[field], wanted[field] ?? null]));
}

const withoutEmpty = (values: Readonly<Record<string, unknown>>): Annotations =>
  Object.fromEntries(
    Object.entries(values).filter(
      (entry): entry is [string, string] => typeof entry[1] === "string" && entry[1] !== "",
    ),
  );
