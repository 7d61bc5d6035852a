import type { Runner } from "../../system/index.ts";
import { localHardwareAddress, physicalHardwareAddress } from "../hardware-address.ts";
import type { Random } from "../identity.ts";

/**
 * The hardware address of this node's first physical link, or a random one if it has none, as in containers and network
 * namespaces. `ip` is asked rather than /sys/class/net, which may show the links of another namespace.
 */
export async function firstHardwareAddress(run: Runner, random: Random): Promise<string> {
  const output = await run({ program: "ip", args: ["-json", "-details", "link", "show"] });
  return physicalHardwareAddress(output) ?? localHardwareAddress(random);
}
