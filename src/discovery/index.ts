/** What others need to decide; the contracts are in affiliate.ts and registry.ts, the effects in files of their own. */
export { type Heard, hearAll } from "./heard.ts";
export { mergeAffiliates } from "./merge.ts";
