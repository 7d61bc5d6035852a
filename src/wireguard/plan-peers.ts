import type { Secret, Step } from "../base/index.ts";
import { type Command, INPUT } from "../base/index.ts";
import { type DesiredDevice, type DesiredPeer, keepaliveSeconds } from "./device.ts";
import type { ObservedDevice, ObservedPeer } from "./dump.ts";

/** The largest size of an argument list, well below the kernel's limits of 128 KiB for one argument and 2 MiB for all. */
const argumentBytes = 100_000;
/**
 * The largest list of allowed IPs that is an argument. A longer one is read by wg from a file: what peers claim must
 * not decide whether a command can be started.
 */
const listBytes = 8_192;

/** The part of the device that concerns peers, which have nothing to do with the link's MTU. */
export type PeersOfDevice = Omit<DesiredDevice, "mtu">;

interface Change {
  readonly text: string;
  readonly args: readonly string[];
  /** The peer whose allowed IPs are too many for `args`, and are set after it. */
  readonly long?: DesiredPeer;
  /** The preshared key that `args` may name; absent for that of the device. */
  readonly presharedKey?: Secret;
}

/** Plans to add, change and dial peers (`grow`), and then to remove those that are no longer wanted (`shrink`). */
export function planPeers(desired: PeersOfDevice, observed: ObservedDevice | undefined): Step[] {
  const changes: Change[] = [];
  const wanted = new Set<string>();
  for (const peer of desired.peers) {
    wanted.add(peer.publicKey);
    const change = changeOf(peer, observed?.peers.get(peer.publicKey), desired);
    if (change) changes.push(withKeyOf(peer, change));
  }
  const removals: Change[] = [];
  for (const publicKey of observed?.peers.keys() ?? [])
    if (!wanted.has(publicKey))
      removals.push({ text: `remove peer ${publicKey}`, args: ["peer", publicKey, "remove"] });
  // A command reads one preshared key.
  const byKey = [...Map.groupBy(changes, ({ presharedKey = desired.presharedKey }) => presharedKey)];
  return [
    ...byKey.flatMap(([presharedKey, some]) => stepsOf("grow", { ...desired, presharedKey }, some)),
    ...stepsOf("shrink", desired, removals),
  ];
}

const withKeyOf = ({ presharedKey }: DesiredPeer, change: Change): Change =>
  presharedKey ? { ...change, presharedKey } : change;

/** The change that a peer needs; `undefined` for none, as most peers at most times. */
function changeOf(
  peer: DesiredPeer,
  observed: ObservedPeer | undefined,
  device: PeersOfDevice,
): Change | undefined {
  if (!observed)
    return {
      text: describe("add", peer),
      args: ["peer", peer.publicKey, ...everything(peer)],
      ...longOf(peer),
    };
  const { action } = peer;
  if (action.kind === "park")
    return { text: describe("leave alone", peer), args: anew(peer), ...longOf(peer) };
  const isUsed = observed.keepaliveSeconds > 0 || observed.receivedBytes > 0;
  if (action.kind === "dial" && isUsed)
    // WireGuard makes no initiation for 5 s after its last one, and after its answer to the peer's. To a new peer it
    // makes one at once.
    return { text: describe("dial", peer), args: anew(peer), ...longOf(peer) };
  const told = "endpoint" in action ? action.endpoint : undefined;
  const endpoint = action.kind === "move" && told === observed.endpoint ? undefined : told;
  const differences: string[] = [];
  if (!observed.presharedKey?.equals(peer.presharedKey ?? device.presharedKey))
    differences.push("preshared-key", INPUT);
  if (endpoint !== undefined) differences.push("endpoint", endpoint);
  // A peer that was never dialled, and of which nothing was received, is dialled by turning its keepalive on: that cuts
  // nothing.
  const keepalive = peer.keepaliveSeconds ?? keepaliveSeconds;
  if (action.kind !== "wait" && observed.keepaliveSeconds !== keepalive)
    differences.push("persistent-keepalive", String(keepalive));
  const isSame = sameMembers(observed.allowedIPs, peer.allowedIPs);
  if (isSame && differences.length === 0) return undefined;
  if (!isSame) differences.push(...allowedIPsOf(peer));
  const long = isSame ? {} : longOf(peer);
  if (differences.length === 0 && !long.long) return undefined;
  const names = differences.filter((_, index) => index % 2 === 0);
  const named = [...names, ...(long.long ? ["allowed-ips"] : [])].join(", ");
  const text = action.kind === "dial" ? describe("dial", peer) : changeText(named, peer);
  return { text, args: differences.length === 0 ? [] : ["peer", peer.publicKey, ...differences], ...long };
}

const anew = (peer: DesiredPeer): string[] => [
  "peer",
  peer.publicKey,
  "remove",
  "peer",
  peer.publicKey,
  ...everything(peer),
];

const changeText = (names: string, { label, action }: DesiredPeer): string =>
  action.kind === "move" ? `move ${label} to ${action.endpoint}` : `change ${names} of ${label}`;

function everything(peer: DesiredPeer): string[] {
  const { action } = peer;
  const endpoint = action.kind === "dial" ? ["endpoint", action.endpoint] : [];
  const isOff = action.kind === "wait" || action.kind === "park";
  const keepalive = isOff ? "off" : String(peer.keepaliveSeconds ?? keepaliveSeconds);
  return ["preshared-key", INPUT, ...endpoint, "persistent-keepalive", keepalive, ...allowedIPsOf(peer)];
}

const allowedIPsOf = (peer: DesiredPeer): string[] =>
  isLong(peer) ? [] : ["allowed-ips", peer.allowedIPs.join(",")];

const isLong = ({ allowedIPs }: DesiredPeer): boolean =>
  allowedIPs.reduce((sum, prefix) => sum + prefix.length + 1, 0) > listBytes;

const longOf = (peer: DesiredPeer): { readonly long?: DesiredPeer } => (isLong(peer) ? { long: peer } : {});

const describe = (verb: string, { label, action }: DesiredPeer): string =>
  `${verb} ${label}${action.kind === "dial" ? ` at ${action.endpoint}` : ""}`;

/** Whether two lists have the same members in whatever order. Tools and decisions mostly have the same order. */
function sameMembers(left: readonly string[], right: readonly string[]): boolean {
  if (left.length !== right.length) return false;
  if (left.every((member, index) => member === right[index])) return true;
  const members = new Set(left);
  return right.every((member) => members.has(member));
}

/** Puts changes into as few commands as the length of an argument list allows. */
function stepsOf(stage: Step["stage"], desired: PeersOfDevice, changes: readonly Change[]): Step[] {
  const steps: Step[] = [];
  let batch: Change[] = [];
  let bytes = 0;
  const flush = (): void => {
    if (batch.length > 0) steps.push(stepOf(stage, desired, batch));
    batch = [];
    bytes = 0;
  };
  for (const change of changes) {
    const size = change.args.reduce((sum, argument) => sum + argument.length + 1, 0);
    if (bytes + size > argumentBytes) flush();
    batch.push(change);
    bytes += size;
  }
  flush();
  return steps;
}

function stepOf(stage: Step["stage"], desired: PeersOfDevice, batch: readonly Change[]): Step {
  const apart = batch.length === 1 ? "one peer" : batch.map((change) => stepOf(stage, desired, [change]));
  return { stage, text: summary(batch), commands: commandsOf(desired, batch), apart };
}

function commandsOf(desired: PeersOfDevice, batch: readonly Change[]): Command[] {
  const changes = batch.flatMap((change) => change.args);
  const long = batch.flatMap((change) => change.long ?? []);
  const { interfaceName, presharedKey } = desired;
  const set: Command = {
    program: "wg",
    args: ["set", interfaceName, ...changes],
    ...(changes.includes(INPUT) && { input: presharedKey }),
  };
  // This command replaces the allowed IPs of the peers that it names, and leaves alone everything that it does not
  // name.
  const add: Command = {
    program: "wg",
    args: ["addconf", interfaceName, INPUT],
    input: long.map(sectionOf).join(""),
  };
  return [...(changes.length > 0 ? [set] : []), ...(long.length > 0 ? [add] : [])];
}

const sectionOf = ({ publicKey, allowedIPs }: DesiredPeer): string =>
  `[Peer]\nPublicKey = ${publicKey}\n${allowedIPs.map((prefix) => `AllowedIPs = ${prefix}\n`).join("")}`;

const namedChanges = 12;

function summary(batch: readonly Change[]): string {
  const shown = batch.slice(0, namedChanges).map((change) => change.text);
  const rest = batch.length - shown.length;
  return `WireGuard: ${shown.join("; ")}${rest > 0 ? `; and ${rest} more` : ""}`;
}
