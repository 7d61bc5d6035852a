import { type Family, networkOf, type Prefix, PrefixIndex, prefixFamily, rangeOf } from "../net/index.ts";
import type { PeerSpec } from "../peers/index.ts";

interface Granted {
  readonly first: bigint;
  readonly label: string;
}

/** Finds the labels of the peers that have networks within a network, or one around it. */
export function ownersIn(
  peers: readonly Pick<PeerSpec, "label" | "allowedIPs">[],
): (target: Prefix) => readonly string[] {
  const around = new PrefixIndex<string>();
  const sorted: Record<Family, Granted[]> = { 4: [], 6: [] };
  for (const { label, allowedIPs } of peers)
    for (const prefix of allowedIPs) {
      around.add(prefix, label);
      sorted[prefixFamily(prefix)].push({ first: rangeOf(prefix).first, label });
    }
  for (const family of [4, 6] as const)
    sorted[family].sort((left, right) => Number(left.first > right.first) - Number(left.first < right.first));
  return (target) => {
    const { family, first, last } = rangeOf(target);
    const all = sorted[family];
    const within: string[] = [];
    for (let at = placeOf(all, first); ; at++) {
      const granted = all[at];
      if (!granted || granted.first > last) break;
      within.push(granted.label);
    }
    const wider = around.find(networkOf(target))?.value;
    return [...new Set(wider === undefined ? within : [...within, wider])];
  };
}

/** The place of the first network that begins at this address or after it. */
function placeOf(sorted: readonly Granted[], first: bigint): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const at = sorted[middle];
    if (at !== undefined && at.first < first) low = middle + 1;
    else high = middle;
  }
  return low;
}
