import { randomBytes } from "node:crypto";
import { stringify } from "yaml";

/** What differs between the nodes of a lab; the rest is as it is by default. */
export interface NodeSettings {
  /** Keys of `KubeSpanConfig`. */
  readonly mesh?: Readonly<Record<string, unknown>>;
  /** Keys of `KubeSpanDaemonConfig`. */
  readonly daemon?: Readonly<Record<string, unknown>>;
  readonly extraEndpoints?: readonly string[];
  /** Instead of the cluster's own. */
  readonly services?: readonly string[];
}

/** An id and a secret of a cluster that nobody else knows. */
export class Cluster {
  readonly id = randomBytes(32).toString("base64url").padEnd(44, "=");
  readonly secret = randomBytes(32).toString("base64");
  readonly #services: readonly string[];

  /** URLs of its discovery services. */
  constructor(...services: readonly string[]) {
    this.#services = services;
  }

  /** The text of a node's configuration file. */
  config({ mesh, daemon, extraEndpoints, services = this.#services }: NodeSettings = {}): string {
    const documents: [kind: string, keys: Readonly<Record<string, unknown>>][] = [
      ["KubeSpanConfig", { enabled: true, ...mesh }],
      ["DiscoveryIdentityConfig", { clusterID: this.id, clusterSecret: this.secret }],
      ...services.map((endpoint, index): [string, Record<string, unknown>] => [
        "DiscoveryServiceConfig",
        { name: `service-${index + 1}`, endpoint },
      ]),
      ["KubeSpanDaemonConfig", { ...daemon }],
    ];
    if (extraEndpoints)
      documents.push(["KubeSpanEndpointsConfig", { extraAnnouncedEndpoints: extraEndpoints }]);
    return documents
      .map(([kind, keys]) => stringify({ apiVersion: "v1alpha1", kind, ...keys }))
      .join("---\n");
  }
}
