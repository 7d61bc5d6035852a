import { randomBytes } from "node:crypto";
import { stringify } from "yaml";

/** The id and the secret that the nodes of one mesh share. */
export interface Cluster {
  readonly id: string;
  readonly secret: string;
}

export const newCluster = (): Cluster => ({
  id: randomBytes(32).toString("base64"),
  secret: randomBytes(32).toString("base64"),
});

/** The differences between a daemon's configuration and the defaults, with the keys of the documents. */
export interface ConfigOptions {
  readonly cluster: Cluster;
  /** The URLs of the discovery services. */
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
