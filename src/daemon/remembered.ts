import type { RegistryState } from "../discovery/index.ts";
import { type Members, toldByLedger } from "../members/index.ts";
import type { MembershipParts } from "./membership-parts.ts";
import type { Registries } from "./registries.ts";

/**
 * The memory of the last run, as far as it stands in for registries that have not answered. `heard` are the ids that some
 * registry has named since the start.
 */
export function rememberedOf(
  { ledger }: Pick<MembershipParts, "ledger">,
  members: Members,
  heard: ReadonlySet<string>,
  registries: Registries,
): RegistryState[] {
  if (!ledger.found) return [];
  const known = registries.isSettled() ? new Map() : members;
  const told = toldByLedger(known, heard, registries.rememberedPodNetworks());
  return told ? [ledger.stateOf(told)] : [];
}
