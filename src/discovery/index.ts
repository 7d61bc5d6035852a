export type { Affiliate, KubespanAffiliate, MachineType } from "./affiliate.ts";
export { mergeAffiliates } from "./merge.ts";
export type { Announcement, RefusedAffiliate, Registry, RegistryState } from "./registry.ts";
