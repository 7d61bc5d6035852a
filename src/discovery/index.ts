/** What others need to decide; the contracts are in affiliate.ts and registry.ts, the effects in files of their own. */
export { cachedInUse } from "./cache/in-use.ts";
export { mergeAffiliates } from "./merge.ts";
