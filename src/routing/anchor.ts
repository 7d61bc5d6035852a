import { type Address, familyOf, parseAddress } from "../net/index.ts";
import type { Command } from "../system/command.ts";
import type { Step } from "../system/step.ts";
import type { LinkAddress } from "./links.ts";

/**
 * An IPv4 address that nobody uses, for the link to have one. To a link without any, the reverse-path filter is
 * strict in all its modes: Linux drops every IPv4 packet that comes out of the tunnel unless the filter is off for
 * the whole host (fib_validate_source, "last_resort"), and Ubuntu switches it on. With the scope `link` it is never
 * chosen as a source.
 */
const anchor = parseAddress("169.254.180.1") as Address;

const anchorBits = 32;

/** Gives the link its IPv4 address, unless it has one, whichever it is. */
export function planAnchor(interfaceName: string, addresses: readonly LinkAddress[]): Step[] {
  if (addresses.some(({ address }) => familyOf(address) === 4)) return [];
  const text = `give ${interfaceName} an IPv4 address, for the reverse-path filter`;
  return [{ stage: "grow", text, commands: [change("add", interfaceName, "scope", "link")] }];
}

export function removeAnchor(interfaceName: string, addresses: readonly LinkAddress[]): Step[] {
  if (!addresses.some(({ address, bits }) => address === anchor && bits === anchorBits)) return [];
  const text = `take the IPv4 address ${anchor} from ${interfaceName}`;
  return [{ stage: "shrink", text, commands: [change("del", interfaceName)] }];
}

const change = (verb: "add" | "del", interfaceName: string, ...more: string[]): Command => ({
  program: "ip",
  args: ["-4", "address", verb, `${anchor}/${anchorBits}`, "dev", interfaceName, ...more],
});
