import type { Affiliate } from "../affiliate.ts";

/** The annotations that a node writes to its own Node object, with the names that Talos has for them, by their contents. */
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

/** The values of KubeSpan's annotations on a Node. A missing or empty one is absent. */
export type Annotations = { readonly [Field in AnnotationField]?: string };

/** The change of annotations in a merge patch, by their full names; `null` removes an annotation. */
export type AnnotationPatch = Readonly<Record<string, string | null>>;

/** The own affiliate in the form of annotations. */
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

/** The annotations of KubeSpan among all those of a Node. */
export const ownAnnotations = (all: Readonly<Record<string, unknown>>): Annotations =>
  withoutEmpty(Object.fromEntries(fields.map((field) => [field, all[annotationNames[field]]])));

/** The change from the present annotations to the wanted ones; `undefined` if there is none. */
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
