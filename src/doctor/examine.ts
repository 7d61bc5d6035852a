import { checkClock, checkNftables, checkPrivileges, checkTools, checkWireGuard } from "./checks/host.ts";
import {
  checkBridgeFilter,
  checkForwarding,
  checkIPv6,
  checkNetworkd,
  checkReversePath,
} from "./checks/kernel-settings.ts";
import {
  checkCilium,
  checkEncryption,
  checkLink,
  checkMTU,
  checkOthers,
  checkPort,
  checkRouting,
} from "./checks/network.ts";
import { checkConfig, checkDiscovery, checkIdentity } from "./checks/setup.ts";
import type { Facts } from "./facts.ts";
import type { Finding } from "./finding.ts";

/** In the order in which they are reported. Each looks at one subject and changes nothing. */
const checks: readonly ((facts: Facts) => Finding[])[] = [
  checkPrivileges,
  checkConfig,
  checkIdentity,
  checkWireGuard,
  checkNftables,
  checkTools,
  checkBridgeFilter,
  checkForwarding,
  checkReversePath,
  checkIPv6,
  checkNetworkd,
  checkLink,
  checkPort,
  checkRouting,
  checkOthers,
  checkMTU,
  checkCilium,
  checkEncryption,
  checkClock,
  checkDiscovery,
];

/** What this node needs or misses (lesson 17). */
export const examine = (facts: Facts): Finding[] => checks.flatMap((check) => check(facts));
