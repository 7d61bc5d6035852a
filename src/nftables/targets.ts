import { hostPrefix, type Prefix, parseAddress, parsePrefix } from "../net/index.ts";
import type { ObservedTable } from "./listing.ts";

/** The networks that the table steers now; ranges that no prefix covers are none that this program made. */
export const observedTargets = (table: ObservedTable): Prefix[] =>
  table.kind === "present"
    ? [...table.elements.values()].flat().flatMap((element) => {
        const address = parseAddress(element);
        const prefix = address ? hostPrefix(address) : parsePrefix(element);
        return prefix ? [prefix] : [];
      })
    : [];
