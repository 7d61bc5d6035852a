import { type Command, INPUT } from "../../../src/base/command.ts";
import { Secret } from "../../../src/base/secret.ts";
import type { Step } from "../../../src/base/step.ts";
import { parseEndpoint, parsePrefix } from "../../../src/net/index.ts";
import type { ObservedPeer } from "../../../src/wireguard/dump.ts";
import type { ObservedDevice, ObservedWireGuard } from "../../../src/wireguard/index.ts";

/**
 * What `ip` and `wg` do to a device, for properties over plans. That they really do so is shown by test/netns, where
 * the same plans run against WireGuard itself.
 */
export function carryOut(steps: readonly Step[], observed: ObservedWireGuard): ObservedWireGuard {
  return steps.flatMap((step) => step.commands).reduce(execute, observed);
}

const empty: ObservedDevice = { listenPort: 0, firewallMark: 0, peers: new Map() };

function execute(observed: ObservedWireGuard, command: Command): ObservedWireGuard {
  const { link, device } = observed;
  const text = `${command.program} ${command.args.slice(0, 3).join(" ")}`;
  if (text === "ip link add kubespan")
    return { link: { kind: "wireguard", mtu: 1500, isUp: false }, device: empty };
  if (!link || !device) throw new Error(`no device for ${text}`);
  if (text !== "ip link set kubespan") return { link, device: set(device, command) };
  const isUp = link.isUp || command.args[3] === "up";
  return {
    device,
    link: { ...link, isUp, mtu: command.args[3] === "mtu" ? Number(command.args[4]) : link.mtu },
  };
}

function set(device: ObservedDevice, { args, input }: Command): ObservedDevice {
  const [verb, , ...words] = args;
  if (verb === "addconf") return added(device, String(input));
  if (verb !== "set") throw new Error(`wg ${verb}`);
  let current: ObservedDevice = device;
  let publicKey: string | undefined;
  const change = (changes: Partial<ObservedPeer>): void => {
    if (publicKey === undefined) throw new Error("no peer was named");
    const known = current.peers.get(publicKey) ?? newPeer(publicKey);
    current = { ...current, peers: new Map(current.peers).set(publicKey, { ...known, ...changes }) };
  };
  while (words.length > 0) {
    const word = words.shift();
    const value = word === "remove" ? undefined : words.shift();
    if (word === "peer") {
      publicKey = value;
      change({});
    } else if (word === "remove")
      current = { ...current, peers: new Map([...current.peers].filter(([name]) => name !== publicKey)) };
    else if (word === "private-key") current = { ...current, privateKey: secretOf(value, input) };
    else if (word === "listen-port") current = { ...current, listenPort: Number(value) };
    else if (word === "fwmark") current = { ...current, firewallMark: Number(value) };
    else change(peerChange(word, value ?? "", input));
  }
  return current;
}

/** Each section replaces the allowed IPs of its peer and leaves the rest of it alone. */
function added(device: ObservedDevice, text: string): ObservedDevice {
  const peers = new Map(device.peers);
  for (const section of text.split("[Peer]\n").slice(1)) {
    const values = section
      .trimEnd()
      .split("\n")
      .map((line) => line.split(" = "));
    const publicKey = values.find(([name]) => name === "PublicKey")?.[1] ?? "";
    const allowedIPs = values.flatMap(([name, value]) =>
      name === "AllowedIPs" ? (parsePrefix(value ?? "") ?? []) : [],
    );
    peers.set(publicKey, { ...(peers.get(publicKey) ?? newPeer(publicKey)), allowedIPs });
  }
  return { ...device, peers };
}

function peerChange(word: string | undefined, value: string, input: Command["input"]): Partial<ObservedPeer> {
  if (word === "preshared-key") return { presharedKey: secretOf(value, input) };
  if (word === "persistent-keepalive") return { keepaliveSeconds: value === "off" ? 0 : Number(value) };
  const dialled = parseEndpoint(value);
  if (word === "endpoint" && dialled) return { endpoint: dialled };
  if (word === "allowed-ips")
    return { allowedIPs: value.split(",").flatMap((each) => parsePrefix(each) ?? []) };
  throw new Error(`wg set ... ${word} ${value}`);
}

function secretOf(argument: string | undefined, input: Command["input"]): Secret {
  if (argument !== INPUT || !(input instanceof Secret)) throw new Error("a key has to come from a file");
  return input;
}

const newPeer = (publicKey: string): ObservedPeer => ({
  publicKey,
  allowedIPs: [],
  receivedBytes: 0,
  sentBytes: 0,
  keepaliveSeconds: 0,
});
