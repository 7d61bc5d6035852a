/**
 * The UDP port at the KubeSpan address for what members tell each other. A WireGuard that listens there, which it does on
 * all addresses, would leave no place for it.
 */
export const noticePort = 51_822;

/**
 * The bounds on what one node may announce. Other nodes refuse the excess, so a configuration that exceeds them is
 * refused.
 */
export const bounds = {
  /** The addresses and networks of one node, counted after exclusions and special networks are taken out. */
  networks: 256,
  /** The networks that a node excludes from its own. */
  excluded: 64,
  /**
   * All networks of a node together may hold as many addresses as this many networks of the widest size that
   * `widestPrefix` allows.
   */
  widestNetworks: 2,
} as const;
