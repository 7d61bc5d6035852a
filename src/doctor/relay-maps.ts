/** A map of a relay, and how full it is. */
export interface RelayMap {
  /** The table, as `ip kubespan_relay`. */
  readonly table: string;
  readonly entries: number;
  readonly most: number;
}

/** Reads what `nft list map` prints of one whose entries end by themselves; `undefined` for anything else. */
export function parseRelayMap(table: string, text: string): RelayMap | undefined {
  const most = Number(/^\s*size (\d{1,9})$/m.exec(text)?.[1] ?? Number.NaN);
  if (Number.isNaN(most)) return undefined;
  return { table, most, entries: text.match(/ expires \S+ : /g)?.length ?? 0 };
}
