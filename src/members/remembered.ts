import { nothingTold, type Told } from "../discovery/index.ts";
import type { Prefix } from "../net/index.ts";
import type { Members } from "./member.ts";

/**
 * The ledger's answer in place of registries that have not answered yet, in the form of a registry's: the members that
 * no registry has named, and the pod networks of this node if none has told them. `undefined` if there is nothing to
 * stand in for. It decides nothing about membership, as the ledger gave the members and their standings at the start.
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
