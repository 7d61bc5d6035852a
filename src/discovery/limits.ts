/**
 * The bounds of the discovery protocol, as its published API has them. The service refuses requests that exceed them, and the
 * client believes nothing that does, even if the service lets it through.
 */
export const limits = {
  /** The length of cluster and affiliate ids, in bytes. */
  idBytes: 256,
  /** The length of a sealed affiliate, in bytes. */
  dataBytes: 2048,
  /** The length of one sealed endpoint, in bytes. */
  endpointBytes: 32,
  endpointsPerAffiliate: 64,
  affiliatesPerCluster: 1024,
  ttlMs: 30 * 60_000,
  /**
   * The time in milliseconds by which the number of an announcement may be ahead of the reader's clock. If it is more,
   * one of the clocks is wrong.
   */
  aheadMs: 24 * 60 * 60_000,
} as const;
