/** What the daemon knows as metrics. They are drawn when somebody asks, and cost nothing otherwise. */
export { isForeign, isOwnName } from "./browser.ts";
export { metricsOf, metricsReference } from "./families.ts";
export type { Metered } from "./metered.ts";
export { noPasses, withPass } from "./passes.ts";
export { noTotals, withPeers } from "./totals.ts";
