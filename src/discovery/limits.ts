/**
 * What a discovery service and its clients agree to be reasonable (reference section 4). The service refuses what
 * exceeds them; the client believes nothing that does, whatever the service lets through.
 */
export const limits = {
  /** Cluster and affiliate ids, bytes. */
  idBytes: 256,
  /** Sealed affiliate, bytes. */
  dataBytes: 2048,
  /** One sealed endpoint, bytes. */
  endpointBytes: 32,
  endpointsPerAffiliate: 64,
  affiliatesPerCluster: 1024,
  ttlMs: 30 * 60_000,
  /** How far the number of an announcement may be ahead of the clock of whoever reads it, ms: more is a clock that is wrong. */
  aheadMs: 24 * 60 * 60_000,
} as const;
