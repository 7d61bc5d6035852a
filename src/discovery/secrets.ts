import { createHmac } from "node:crypto";
import { onceFor, type Secret } from "../base/index.ts";
import type { ClusterIdentity } from "../config/index.ts";

/** One secret, or several of which the first seals and all open. */
export type Secrets = Secret | readonly Secret[];

/** The secrets that open what others sealed, the one that seals first. */
export const secretsOf = ({
  secret,
  accepted = [],
}: Pick<ClusterIdentity, "secret" | "accepted">): readonly Secret[] => [secret, ...accepted];

/** The length of the name of a secret in bytes. */
export const secretNameBytes = 8;

interface Named {
  readonly name: string;
  readonly secret: Secret;
}

const namedOf = onceFor((cluster: ClusterIdentity): readonly Named[] =>
  secretsOf(cluster).map((secret) => ({ name: secretName(secret, cluster.id), secret })),
);

/** The name of a secret, which tells nothing of it to those who do not have it. */
export const secretName = (secret: Secret, clusterId: string): string =>
  createHmac("sha256", secret.reveal())
    .update(`kubespan secret name\0${clusterId}`)
    .digest()
    .subarray(0, secretNameBytes)
    .toString("base64");

/**
 * The names of the secrets that this node knows, the one that seals first. They tell nothing of the secrets. `undefined`
 * for a node that knows one alone: it has nothing to tell.
 */
export const secretNames = (cluster: ClusterIdentity): readonly string[] | undefined =>
  cluster.accepted === undefined ? undefined : namedOf(cluster).map(({ name }) => name);

/** Whether a member that knows the secrets of these names knows none of this node's: no tunnel with it can be made. */
export const knowsNone = (cluster: ClusterIdentity, theirs: readonly string[] | undefined): boolean =>
  theirs !== undefined && !namedOf(cluster).some(({ name }) => theirs.includes(name));

/**
 * The secret that is the preshared key of the tunnel with a member that knows the secrets of these names. Both ends find
 * the same: the one that seals at both, or else, of those that both know, the one whose name comes first. Who tells no
 * names has one secret, which has to be the one that seals here.
 */
export function secretOfPair(cluster: ClusterIdentity, theirs: readonly string[] | undefined): Secret {
  const ours = namedOf(cluster);
  const [own] = ours;
  if (!theirs || own?.name === theirs[0]) return cluster.secret;
  const common = ours.filter(({ name }) => theirs.includes(name));
  const [first] = common.toSorted((one, other) => (one.name < other.name ? -1 : 1));
  return first?.secret ?? cluster.secret;
}
