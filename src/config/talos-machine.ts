import { trueOrFalse } from "./fields.ts";
import type { Notice } from "./problem.ts";
import type { SourceDocument } from "./yaml-source.ts";

/** What a machine configuration of Talos says of the mesh. The rest of it concerns other programs. */
export interface TalosMachine {
  /** The sections as the documents that have replaced them. They are checked like documents of the file. */
  readonly documents: readonly SourceDocument[];
  readonly machineType: unknown;
  readonly notices: readonly Notice[];
}

/** The discovery service that Talos asks where its configuration names none. */
const talosService = "https://discovery.talos.dev/";

/** Whether a document is a machine configuration of Talos, or a part of one. It is the only one there without a kind. */
export const isTalosMachine = ({ value }: SourceDocument): boolean =>
  isMap(value) && value.kind === undefined && (isMap(value.machine) || isMap(value.cluster));

/**
 * Reads what stands in separate documents since Talos 1.13 (KubeSpanConfig) and 1.14 (DiscoveryIdentityConfig and
 * DiscoveryServiceConfig) from where releases before have it: `machine.network.kubespan`, `machine.type`, `cluster.id`,
 * `cluster.secret` and `cluster.discovery`.
 */
export function readTalosMachine(source: SourceDocument): TalosMachine {
  const { value } = source;
  const at = (...path: readonly string[]): unknown =>
    path.reduce<unknown>((outer, key) => (isMap(outer) ? outer[key] : undefined), value);
  const documents: SourceDocument[] = [];
  const kubespan = at("machine", "network", "kubespan");
  if (isMap(kubespan)) {
    const place = ["machine", "network", "kubespan"];
    documents.push(moved(source, "KubeSpanConfig", kubespan, (path) => [...place, ...path]));
  }
  const [clusterID, clusterSecret] = [at("cluster", "id"), at("cluster", "secret")];
  if (clusterID !== undefined || clusterSecret !== undefined) {
    const places: Readonly<Record<string, string>> = { clusterID: "id", clusterSecret: "secret" };
    const fields = { clusterID, clusterSecret };
    documents.push(
      moved(source, "DiscoveryIdentityConfig", fields, ([name, ...rest]) => {
        return ["cluster", places[String(name)] ?? "id", ...rest];
      }),
    );
  }
  const discovery = ["cluster", "discovery"];
  const registries = [...discovery, "registries"];
  const isDiscovering = isOn(at(...discovery, "enabled"));
  if (isDiscovering && !isOn(at(...registries, "service", "disabled"))) {
    const endpoint = at(...registries, "service", "endpoint") || talosService;
    const place = [...registries, "service", "endpoint"];
    documents.push(moved(source, "DiscoveryServiceConfig", { name: "talos", endpoint }, () => place));
  }
  const disabled = at(...registries, "kubernetes", "disabled");
  const usesKubernetes = isDiscovering && disabled !== undefined && disabled !== null && !isOn(disabled);
  const offset = source.offsetOf([...registries, "kubernetes"]);
  const text =
    "the Kubernetes registry of this machine configuration is left out; expected kubernetes.enabled and a " +
    "kubeconfig in a KubeSpanDaemonConfig where it is wanted";
  return {
    documents,
    machineType: isMap(at("machine")) ? typeOf(at("machine", "type")) : undefined,
    notices: usesKubernetes ? [{ offset, text }] : [],
  };
}

/** The type of the machine: a worker where none is named, and by the name of before Talos 0.12. */
const typeOf = (type: unknown): unknown =>
  type === undefined || type === null || type === "" || type === "join" ? "worker" : type;

const isOn = (value: unknown): boolean => trueOrFalse().safeParse(value).data === true;

/** A section as a document of its own, whose values keep their places in the file. */
function moved(
  source: SourceDocument,
  kind: string,
  fields: object,
  placeOf: (path: readonly PropertyKey[]) => readonly PropertyKey[],
): SourceDocument {
  return {
    value: { ...fields, apiVersion: "v1alpha1", kind },
    offset: source.offsetOf(placeOf([])),
    offsetOf: (path, part) => source.offsetOf(placeOf(path), part),
    textOf: (path) => source.textOf(placeOf(path)),
  };
}

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
