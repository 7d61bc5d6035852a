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

/** Gives the link its IPv4 address, unless it has one, whichever it is. */
export function planAnchor(interfaceName: string, addresses: readonly LinkAddress[]): Step[] {
  if (addresses.some(({ address }) => familyOf(address) === 4)) return [];
  const command: Command = {
    program: "ip",
    args: ["-4", "address", "add", `${anchor}/32`, "dev", interfaceName, "scope", "link"],
  };
  return [
    {
      stage: "grow",
      text: `give ${interfaceName} an IPv4 address, for the reverse-path filter`,
      commands: [command],
    },
  ];
}
