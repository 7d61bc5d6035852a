import {
  checkBridgeFilter,
  checkClock,
  checkCni,
  checkConfig,
  checkDiscovery,
  checkEncryption,
  checkFirewall,
  checkForwarding,
  checkIdentity,
  checkIPv6,
  checkLink,
  checkLinkSettings,
  checkMTU,
  checkNetworkd,
  checkNftables,
  checkOthers,
  checkPort,
  checkPrivileges,
  checkRefusals,
  checkReversePath,
  checkRouting,
  checkTools,
  checkTracking,
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
  checkLinkSettings,
  checkTracking,
  checkNetworkd,
  checkLink,
  checkPort,
  checkRouting,
  checkRefusals,
  checkFirewall,
  checkOthers,
  checkMTU,
  checkCni,
  checkEncryption,
  checkClock,
  checkDiscovery,
];

/** The findings about what this node needs or lacks. */
export const examine = (facts: Facts): Finding[] => checks.flatMap((check) => check(facts));
