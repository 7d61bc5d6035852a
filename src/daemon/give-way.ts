import type { Config } from "../config/index.ts";
import { giveUpHardwareAddress } from "../identity/effects/index.ts";
import { type Identity, kubespanAddress } from "../identity/index.ts";
import { labelOf, type Member, type Members, memberInTheWay } from "../members/index.ts";
import type { Parts } from "./compose.ts";

type Own = Pick<Parts, "identity" | "origin" | "log">;

/**
 * The member that has this node's KubeSpan address and was there before. A node that gave up an address is in nobody's
 * way any more: otherwise a member that lies about its address could drive this node from one to the next.
 */
export const memberBefore = (
  { cluster }: Config,
  { identity: { nodeId, hardwareAddress, givenUp }, origin: { startedAt } }: Own,
  members: Members,
): Member | undefined => {
  if (givenUp !== undefined) return undefined;
  const address = kubespanAddress(cluster.id, hardwareAddress);
  return memberInTheWay(members, { nodeId, address, startedAt }, Date.now());
};

export const addressTaken = "this node takes another KubeSpan address";

/** The identity with another KubeSpan address than that of the member, which stays this node's from now on. */
export async function givenWay(
  { cluster, stateDirectory }: Config,
  { identity, log }: Own,
  { nodeId, claim }: Member,
): Promise<Identity> {
  const moved = await giveUpHardwareAddress(stateDirectory, identity, (text) => log.warn(text));
  const { hardwareAddress } = identity;
  log.warn(
    { nodeId },
    `${labelOf(claim)} has the same hardware address ${hardwareAddress}, and was there before: this node gives up the ` +
      `KubeSpan address ${kubespanAddress(cluster.id, hardwareAddress)} and takes ` +
      kubespanAddress(cluster.id, moved.hardwareAddress),
  );
  return moved;
}
