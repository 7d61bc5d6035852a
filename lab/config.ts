import { randomBytes } from "node:crypto";
import { stringify } from "yaml";

/** Id and secret that the nodes of one mesh share. */
export interface Cluster {
  readonly id: string;
  readonly secret: string;
}

export const newCluster = (): Cluster => ({
  id: randomBytes(32).toString("base64"),
  secret: randomBytes(32).toString("base64"),
});

/** A daemon's configuration as far as it differs from the defaults; keys as in the documents. */
export interface ConfigOptions {
  readonly cluster: Cluster;
  /** URLs of discovery services. */
  readonly services: readonly string[];
  readonly mesh?: Readonly<Record<string, unknown>>;
  readonly daemon?: Readonly<Record<string, unknown>>;
  readonly extraEndpoints?: readonly string[];
}

export const stateDirectory = "/run/state";

export function configText({ cluster, services, mesh, daemon, extraEndpoints }: ConfigOptions): string {
  const documents = [
    { kind: "KubeSpanConfig", enabled: true, ...mesh },
    { kind: "DiscoveryIdentityConfig", clusterID: cluster.id, clusterSecret: cluster.secret },
    ...services.map((endpoint, index) => ({
      kind: "DiscoveryServiceConfig",
      name: `service-${index}`,
      endpoint,
    })),
    ...(extraEndpoints ? [{ kind: "KubeSpanEndpointsConfig", extraAnnouncedEndpoints: extraEndpoints }] : []),
    { kind: "KubeSpanDaemonConfig", stateDirectory, ...daemon },
  ];
  return documents.map((document) => stringify({ apiVersion: "v1alpha1", ...document })).join("---\n");
}
