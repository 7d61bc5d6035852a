import {
  checkBridgeFilter,
  checkCilium,
  checkClock,
  checkConfig,
  checkDiscovery,
  checkEncryption,
  checkForwarding,
  checkIdentity,
  checkIPv6,
  checkLink,
  checkMTU,
  checkNetworkd,
  checkNftables,
  checkOthers,
  checkPort,
  checkPrivileges,
  checkReversePath,
  checkRouting,
  checkTools,
  checkWireGuard,
} from "./checks/index.ts";
import type { Facts } from "./facts.ts";
import type { Finding } from "./finding.ts";

/** The checks in the order of the report. Each examines one subject and changes nothing. */
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

/** The findings about what this node needs or lacks. */
export const examine = (facts: Facts): Finding[] => checks.flatMap((check) => check(facts));
