export { type LinkNetwork, linkNetworks, type OwnAddresses, ownAddresses, ownNetworks } from "./addresses.ts";
export { anchorsAmong, localTable } from "./anchor.ts";
export { isBarrier } from "./barrier.ts";
export { isContainerLink, isDoubtful, isOutward } from "./link-kinds.ts";
export { type Link, type LinkAddress, parseLinks } from "./links.ts";
export {
  type DesiredMainRoutes,
  type MainTableRoute,
  mainTableQuestion,
  parseMainTable,
  planMainRefusals,
  planMainTable,
  refusedIn,
} from "./main-table.ts";
export { isLossEvent, isPodEvent, isRelevantEvent } from "./monitor-lines.ts";
export {
  answeredNow,
  askingLines,
  type LinkQuestion,
  type Neighbours,
  neighbourQuestions,
  parseNeighbours,
  questionKey,
} from "./neighbours.ts";
export { linksBelow, otherMeshLinks } from "./other-meshes.ts";
export { parsePathExceptions, pathExceptionsQuestion } from "./path-exceptions.ts";
export { type PathRoute, parsePathRoutes } from "./path-routes.ts";
export {
  type DesiredRouting,
  type FamilyRouting,
  type ObservedRouting,
  planRefusal,
  planRouting,
} from "./plan.ts";
export { linksOfDefaults, onlyLeadsHere, parseLocalLinks, parseRoutes } from "./routes.ts";
export {
  leadsIntoMesh,
  type ObservedRules,
  parseRules,
  type RoutingScope,
  readRules,
  secondPriority,
} from "./rules.ts";
export { parseSavedSysctls, type SavedSysctls, savedSysctlsText } from "./saved-sysctls.ts";
export { planSysctls, type SysctlPlan } from "./sysctl-plan.ts";
export {
  type DesiredSysctls,
  forwardingFor,
  ipv6Switch,
  ipv6Switches,
  isIPv6On,
  type ObservedSysctls,
  observedSysctls,
  sysctlKeys,
} from "./sysctls.ts";
export { parseToolList } from "./tool-json.ts";
export { meshMTU, primaryAddress, tooLargePodLinks } from "./underlying.ts";
