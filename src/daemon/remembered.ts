import { type RegistryState, stateOf } from "../discovery/index.ts";
import { type Members, toldByLedger } from "../members/index.ts";
import type { MembershipParts } from "./membership-parts.ts";
import type { Registries } from "./registries.ts";

/**
 * The memory of the last run, as far as it stands in for registries that have not answered. It is shown beside them as
 * one more registry. `heard` are the ids that some registry has named since the start.
 */
export function rememberedOf(
  { ledger, clock }: Pick<MembershipParts, "ledger" | "clock">,
  members: Members,
  heard: ReadonlySet<string>,
  registries: Registries,
): RegistryState[] {
  if (!ledger.found) return [];
  const known = registries.isSettled() ? new Map() : members;
  const told = toldByLedger(known, heard, registries.rememberedPodNetworks());
  if (!told) return [];
  const ageSeconds = Math.max(0, Math.round((clock() - ledger.found.savedAt) / 1000));
  return [stateOf({ name: "cache", location: ledger.file }, told, { phase: "cached", ageSeconds })];
}
