/**
 * Relaying (ADR 0022): this node's WireGuard port carries the packets of pairs of members that no direct path joins, and
 * other nodes' ports carry this node's.
 */
export { standInsFrom } from "./choice.ts";
export { type Neighbour, neighboursOf } from "./neighbours.ts";
export { type Paces, takePassage, takeProof, takeSearch } from "./paces.ts";
export { isProvenBy, outsideOf, parseEndpoints } from "./proof.ts";
export type { RelayReport } from "./report.ts";
export { planNoRelay, relayTablesOf } from "./rules.ts";
