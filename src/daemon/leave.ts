import type { Secret } from "../base/index.ts";
import type { Affiliate } from "../discovery/index.ts";
import type { Messenger, Recipient } from "../members/effects/index.ts";
import { connectedForMs, farewellOf, type Member, type Members } from "../members/index.ts";
import { networkOf, type Prefix, prefixContains } from "../net/index.ts";
import type { NumberFile } from "../self/effects/index.ts";
import { nextNumber } from "../self/index.ts";
import type { ObservedDevice } from "../wireguard/index.ts";
import type { Registries } from "./registries.ts";

interface Leaver {
  readonly members: Members;
  readonly messenger: Messenger;
  readonly device: ObservedDevice | undefined;
  /** The network of the cluster's KubeSpan addresses. */
  readonly cluster: Prefix;
  readonly registries: Registries;
  readonly keys: { readonly privateKey: Secret; readonly publicKey: string };
  /** The affiliate that this node announced, or would announce. */
  readonly own: Affiliate;
  readonly number: NumberFile;
  /** The present time in milliseconds since 1970. */
  readonly now: number;
  readonly isClockBehind: boolean;
}

/**
 * Says farewell: by way of the registries to the members that are not connected, and then through the tunnel to each
 * that is. The registries come first, because one may run on a member, whose tunnel is gone once it is told. Members
 * that did not hear it in the tunnel are told by the registries, too. Those that are told neither way take this node for
 * absent, and refuse traffic to it, until they forget it. Gives the problems in words.
 */
export async function sayFarewell(leaver: Leaver): Promise<string[]> {
  const { messenger, registries, keys, own, now } = leaver;
  const number = nextNumber(leaver.number.number, now, leaver.isClockBehind);
  await leaver.number.keep(number);
  const members = [...leaver.members.values()].filter(({ standing }) => standing !== "released");
  const notice = { kind: "farewell" as const, nodeId: own.nodeId, number };
  const links = linksOf(leaver.device, leaver.cluster, now);
  const linked = new Set(links.map(({ publicKey }) => publicKey));
  const byNews = [...members].sort((one, other) => (other.connectedAt ?? 0) - (one.connectedAt ?? 0));
  const away = byNews
    .flatMap(recipientFor)
    .map(({ publicKey }) => publicKey)
    .filter((publicKey) => !linked.has(publicKey));
  const withdraw = (recipients: readonly string[]): Promise<string[]> =>
    registries.withdraw(recipients.length === 0 ? undefined : farewellOf(own, number, recipients, keys));
  const problems = await withdraw(away);
  const told = await messenger.tell(links, notice);
  const deaf = [...linked].filter((publicKey) => !told.has(publicKey));
  return deaf.length === 0 ? problems : withdraw([...deaf, ...away]);
}

/**
 * The members to which a tunnel leads now, as the device itself knows. It may know more than what was remembered of
 * members.
 */
function linksOf(device: ObservedDevice | undefined, cluster: Prefix, now: number): Recipient[] {
  return [...(device?.peers.values() ?? [])].flatMap(({ publicKey, handshakeAt, allowedIPs }) => {
    const address = allowedIPs.map(networkOf).find((each) => prefixContains(cluster, each));
    const isConnected = handshakeAt !== undefined && now - handshakeAt < connectedForMs;
    return isConnected && address !== undefined ? [{ publicKey, address }] : [];
  });
}

export const recipientFor = ({ claim: { kubespan } }: Member) =>
  kubespan ? [{ address: kubespan.address, publicKey: kubespan.publicKey }] : [];

/** The affiliate of a node that never announced anything. */
export const unannounced = (nodeId: string): Affiliate => ({
  nodeId,
  addresses: [],
  hostname: "",
  nodeName: "",
  machineType: "unknown",
  operatingSystem: "",
});
