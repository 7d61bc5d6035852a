/** The files of a cluster beside the configuration. */
export interface ClusterFiles {
  /** The certificate of the cluster's authority, for all nodes. */
  readonly authority: string;
  /** The key of the authority, on nodes that run a discovery service. */
  readonly authorityKey: string;
  /** The options of the discovery service on this node, which its unit reads. */
  readonly environment: string;
}

export function filesBeside(configFile: string): ClusterFiles {
  const folder = configFile.slice(0, configFile.lastIndexOf("/") + 1);
  return {
    authority: `${folder}discovery-ca.pem`,
    authorityKey: `${folder}discovery-ca.key`,
    environment: `${folder}discovery.env`,
  };
}
