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
    documents.push(
      moved(source, "KubeSpanConfig", { fields: kubespan, place }, (path) => [...place, ...path]),
    );
  }
  const [clusterID, clusterSecret] = [at("cluster", "id"), at("cluster", "secret")];
  if (clusterID !== undefined || clusterSecret !== undefined) {
    const places: Readonly<Record<string, string>> = { clusterID: "id", clusterSecret: "secret" };
    const section = { fields: { clusterID, clusterSecret }, place: ["cluster", "id"] };
    documents.push(
      moved(source, "DiscoveryIdentityConfig", section, ([name, ...rest]) => {
        const place = places[String(name)];
        return place === undefined ? undefined : ["cluster", place, ...rest];
      }),
    );
  }
  const discovery = ["cluster", "discovery"];
  const registries = [...discovery, "registries"];
  const isDiscovering = isOn(at(...discovery, "enabled"));
  if (isDiscovering && !isOn(at(...registries, "service", "disabled"))) {
    const endpoint = at(...registries, "service", "endpoint") || talosService;
    const place = [...registries, "service", "endpoint"];
    const section = { fields: { name: "talos", endpoint }, place };
    documents.push(
      moved(source, "DiscoveryServiceConfig", section, ([name]) => (name === "endpoint" ? place : undefined)),
    );
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

interface Section {
  readonly fields: object;
  /** The place of the section, and of whatever it does not say itself. */
  readonly place: readonly PropertyKey[];
}

/** A section as a document of its own, whose values keep their places in the file. `placeOf` gives none for what is added. */
function moved(
  source: SourceDocument,
  kind: string,
  { fields, place }: Section,
  placeOf: (path: readonly PropertyKey[]) => readonly PropertyKey[] | undefined,
): SourceDocument {
  const added = { apiVersion: "v1alpha1", kind };
  const inFile = (path: readonly PropertyKey[]) =>
    path[0] !== undefined && path[0] in added ? undefined : placeOf(path);
  return {
    value: { ...fields, ...added },
    offset: source.offsetOf(place),
    offsetOf: (path, part) => source.offsetOf(inFile(path) ?? place, part),
    textOf: (path) => {
      const written = inFile(path);
      return written && source.textOf(written);
    },
  };
}

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
