export { linkSettings, sysctlsOfInterest } from "./checks/index.ts";
export { distributionOf } from "./distribution.ts";
export { examine } from "./examine.ts";
export {
  type ConfigFact,
  type Facts,
  type IdentityFact,
  type Observed,
  type PortFact,
  type Refusal,
  type RoutingFact,
  type ServiceFact,
  type Settings,
  type ToolFact,
} from "./facts.ts";
export { bySeverity, exitCodeOf, type Finding, type Fix, type Severity, worst } from "./finding.ts";
export { flavourFiles, flavoursOf } from "./flavour.ts";
export { parseRelayMap } from "./relay-maps.ts";
export {
  linksOfRoutes,
  linksWithPort,
  parseListeners,
  parseSynchronised,
} from "./tool-text.ts";
