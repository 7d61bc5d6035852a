import { linkNetworks, ownNetworks } from "../routing/index.ts";
import type { Kernel } from "./kernel.ts";
import type { Knowledge } from "./knowledge.ts";

/** The addresses of this node, as far as they are known: none before the kernel was looked at. */
export function ownSide(
  kernel: Pick<Kernel, "links" | "addresses"> | undefined,
): Pick<Knowledge, "addresses" | "networks" | "linkNetworks" | "undialled"> {
  if (!kernel) return { addresses: [], networks: [] };
  const { usable, undialled = [] } = kernel.addresses;
  return {
    addresses: usable,
    networks: ownNetworks(kernel.links, usable),
    linkNetworks: linkNetworks(kernel.links, usable),
    undialled,
  };
}
