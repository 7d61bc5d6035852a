/** What CNI plug-ins make on this node, and what of that the mesh cannot carry or does not know of. */
export { ciliumLink, readCilium } from "./cilium.ts";
export { type CniFacts, type LoadedProgram, nothingFound } from "./facts.ts";
export { bypassOf, cniWarnings, type MeshView } from "./judge.ts";
export { isOfOwnPods, type MainRoute, parseMainRoute } from "./main-route.ts";
export { flannelNetworks, hostLocalRanges, podNetworksOfNode } from "./own-networks.ts";
export { cniProgramsIn, linksWithFilters, redirectsIn } from "./tc-text.ts";
