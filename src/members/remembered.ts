import { nothingTold, type Told } from "../discovery/index.ts";
import type { Prefix } from "../net/index.ts";
import type { Members } from "./member.ts";

/**
 * What the ledger tells in place of registries that have not answered yet, as a registry would: the members that none of
 * them has named, and pod networks of this node that none has told. `undefined` if it stands in for nothing. It decides
 * nothing: who is a member is what the ledger gave at the start, with the standing that each had.
 */
export function toldByLedger(
  members: Members,
  named: ReadonlySet<string>,
  podNetworks: readonly Prefix[],
): Omit<Told, "isSealed"> | undefined {
  const affiliates = [...members.values()].flatMap(({ nodeId, standing, claim }) =>
    standing === "released" || named.has(nodeId) ? [] : [claim],
  );
  return affiliates.length + podNetworks.length === 0
    ? undefined
    : { ...nothingTold, affiliates, podNetworks };
}
