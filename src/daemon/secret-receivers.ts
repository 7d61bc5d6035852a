import { KubespanError, shortList } from "../base/index.ts";
import type { Config } from "../config/index.ts";
import { labelOf, type Members } from "../members/index.ts";
import type { Receiver, Seen } from "../secret-change/index.ts";
import type { Evictions } from "./evictions.ts";

/** The largest number of members that a message names. */
const mostNamed = 5;

/**
 * The members that are to get another cluster secret. Throws `KubespanError("usage")` if it cannot be changed by a command:
 * nobody could authorise it, or some members could not follow.
 */
export function receiversIn(
  members: Members,
  { enabled, cluster, operatorKeys = [] }: Pick<Config, "enabled" | "cluster" | "operatorKeys">,
  isEvicted: Evictions["isEvicted"],
): readonly Receiver[] {
  if (!enabled)
    throw new KubespanError("usage", "the mesh is disabled, and nobody could be told of the secret", {
      hint: "enable it in the configuration, or write the other secret into it",
    });
  if (operatorKeys.length === 0)
    throw new KubespanError("usage", "no operator's key is configured, and a member alone may not do this", {
      hint: "run 'kubespan gen operator-key', or change the secret by acceptSecrets, as docs/rotation.md says",
    });
  if (cluster.accepted && !cluster.change)
    throw new KubespanError("usage", "the secret is being changed by hand: acceptSecrets is set", {
      hint: "end that first, as docs/rotation.md says, and take acceptSecrets out on all nodes",
    });
  const there = [...members.values()].filter(
    ({ nodeId, standing, claim }) => standing !== "released" && !isEvicted(nodeId, claim.kubespan?.publicKey),
  );
  const unable = there.flatMap(({ claim }) => (claim.membership ? [] : [labelOf(claim)]));
  if (unable.length > 0)
    throw new KubespanError(
      "usage",
      `${shortList(unable, mostNamed)} cannot be told of a secret, and would be cut off`,
      {
        hint:
          "Talos nodes have one secret, in their own configuration; nodes of early versions need an upgrade first, and " +
          "those that only Kubernetes names a discovery service. docs/rotation.md says how to do it by hand",
      },
    );
  return there.flatMap(({ nodeId, claim }) =>
    claim.kubespan ? [{ nodeId, publicKey: claim.kubespan.publicKey, label: labelOf(claim) }] : [],
  );
}

/** The reason why a member has not confirmed. */
export const whyMissed = ({ isConnected }: Seen): string =>
  isConnected
    ? "it did not confirm: is the operator's key in its configuration?"
    : "it is not connected: it gets the secret when it is back";
