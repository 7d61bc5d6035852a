export {
  asOurs,
  bitsOf,
  type Collision,
  exitCodeOf,
  findingsIn,
  holdsRules,
  knownCollisions,
  routingCollisions,
  ruleCollisions,
} from "./collisions.ts";
export { type Block, blockWarning, FirewallScanner, type Passage } from "./firewall.ts";
export { IptablesScanner } from "./iptables-rules.ts";
export { aheadWarnings, linkWarnings, routeWarnings, ruleWarnings, wireguardWarnings } from "./kernel.ts";
export { NftScanner } from "./nft-rules.ts";
export { podLinkWarnings } from "./pod-links.ts";
export { freeBits } from "./programs.ts";
export {
  type Finding,
  type Interference,
  interferences,
  type Ours,
  type Warning,
  withoutTranslations,
} from "./warning.ts";
