export { checkCni } from "./cni.ts";
export { checkClock, checkNftables, checkPrivileges, checkTools, checkWireGuard } from "./host.ts";
export {
  checkBridgeFilter,
  checkForwarding,
  checkIPv6,
  checkNetworkd,
  checkReversePath,
  sysctlsOfInterest,
} from "./kernel-settings.ts";
export { checkLinkSettings, linkSettings } from "./link-settings.ts";
export {
  checkEncryption,
  checkLink,
  checkMTU,
  checkOthers,
  checkPort,
  checkRouting,
} from "./network.ts";
export { checkRelaying } from "./relaying.ts";
export { checkConfig, checkDiscovery, checkIdentity } from "./setup.ts";
export { checkFirewall, checkRefusals, checkTracking } from "./traffic.ts";
