/** What one node may announce; the others refuse the rest, so a configuration that asks for more is refused, too. */
export const bounds = {
  /** Addresses and networks of one node, after its exclusions and all that is special are taken out of them. */
  networks: 256,
  /** Networks that a node wants left out of its own. */
  excluded: 64,
  /** All networks of a node together may hold as many addresses as this many of the widest that `widestPrefix` allows. */
  widestNetworks: 2,
} as const;
