import { type Address, networkOf } from "../net/index.ts";
import type { Asked } from "./asked.ts";

/** The addresses that more than one member lists as its own. */
export function sharedAddresses(asked: readonly Asked[]): ReadonlySet<Address> {
  const listed = new Set<Address>();
  const shared = new Set<Address>();
  for (const { claims } of asked)
    for (const { prefix, isAddress } of claims) {
      if (!isAddress) continue;
      const address = networkOf(prefix);
      if (listed.has(address)) shared.add(address);
      listed.add(address);
    }
  return shared;
}
