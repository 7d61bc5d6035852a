import { INPUT, Secret } from "../../src/base/index.ts";
import { publicOf } from "../../src/handshake/index.ts";
import { hostPrefix, type Prefix, parseAddress, parseEndpoint, parsePrefix } from "../../src/net/index.ts";
import { fail, Words } from "./failure.ts";
import type { PeerChange, WireGuardDevice, WireGuardPeer } from "./wireguard.ts";

type Input = string | Secret | undefined;

/** The part of the kernel that `wg` needs. */
export interface WireGuardHost {
  deviceOf(name: string): WireGuardDevice | undefined;
  /** Lets the device call the peers that it is to keep alive, after some were set. */
  call(name: string): void;
}

/** Carries out `wg show NAME dump`, `wg set NAME ...` and `wg addconf NAME FILE`; nothing at all where an argument is wrong. */
export function wg(host: WireGuardHost, args: readonly string[], input: Input): string {
  const words = new Words(args);
  const verb = words.take();
  const name = words.take();
  const device = host.deviceOf(name);
  const access = verb === "show" ? "access" : "modify";
  if (!device) return fail(`Unable to ${access} interface: No such device`);
  if (verb === "show" && words.takes("dump")) return dump(device);
  const changes =
    verb === "set"
      ? settings(words, input)
      : verb === "addconf"
        ? sections(input)
        : fail(`Invalid subcommand: \`${verb}'`);
  for (const change of changes) change(device);
  host.call(name);
  return "";
}

type Change = (device: WireGuardDevice) => void;

function settings(words: Words, input: Input): Change[] {
  const changes: Change[] = [];
  while (!words.isEmpty) {
    const word = words.take();
    if (word === "peer") changes.push(peerChange(words, input));
    else if (word === "private-key") {
      const key = keyFrom(words.take(), input);
      changes.push((device) => {
        device.privateKey = key;
        device.publicKey = publicKeyOf(key);
        device.peers.delete(device.publicKey);
      });
    } else if (word === "listen-port") {
      const port = words.takeNumber();
      changes.push((device) => (device.listenPort = port));
    } else if (word === "fwmark") {
      const mark = words.takes("off") ? 0 : words.takeNumber();
      changes.push((device) => (device.firewallMark = mark));
    } else fail(`Invalid argument: ${word}`);
  }
  return changes;
}

const peerSettings = ["remove", "preshared-key", "endpoint", "persistent-keepalive", "allowed-ips"];

function peerChange(words: Words, input: Input): Change {
  const found: { -readonly [Name in keyof PeerChange]: PeerChange[Name] } = {
    publicKey: publicKeyIn(words.take()),
  };
  while (words.first !== undefined && peerSettings.includes(words.first)) {
    const word = words.take();
    if (word === "remove") found.isRemoved = true;
    else if (word === "preshared-key") found.presharedKey = keyFrom(words.take(), input);
    else if (word === "endpoint") {
      const text = words.take();
      found.endpoint = parseEndpoint(text) ?? fail(`Unable to parse endpoint: \`${text}'`);
    } else if (word === "persistent-keepalive")
      found.keepaliveSeconds = words.takes("off") ? 0 : words.takeNumber();
    else found.allowedIPs = prefixesIn(words.take());
  }
  return (device) => device.set(found);
}

/** Reads a file for `wg addconf`. A peer that a section names has the allowed IPs that stand there, and no others. */
function sections(input: Input): Change[] {
  if (typeof input !== "string") return fail("fopen: No such file or directory");
  return input
    .split("[Peer]\n")
    .slice(1)
    .map((section) => {
      const lines = section.split("\n").filter((line) => line !== "");
      const values = (name: string): string[] =>
        lines.flatMap((line) => (line.startsWith(`${name} = `) ? line.slice(name.length + 3) : []));
      const [publicKey = ""] = values("PublicKey");
      const allowedIPs = values("AllowedIPs").flatMap(prefixesIn);
      if (allowedIPs.length + 1 !== lines.length) return fail(`Line unrecognized: \`${lines.at(-1)}'`);
      const change = { publicKey: publicKeyIn(publicKey), allowedIPs };
      return (device: WireGuardDevice) => device.set(change);
    });
}

function keyFrom(file: string, input: Input): Secret {
  if (file !== INPUT || input === undefined) return fail("fopen: No such file or directory");
  return typeof input === "string" ? Secret.fromBase64(input) : input;
}

const publicKeyOf = (key: Secret): string =>
  Buffer.from(publicOf(Buffer.from(key.revealBase64(), "base64"))).toString("base64");

const publicKeyIn = (text: string): string =>
  /^[A-Za-z0-9+/]{43}=$/.test(text) ? text : fail(`Key is not the correct length or format: \`${text}'`);

function prefixesIn(text: string): Prefix[] {
  return text
    .split(",")
    .filter((part) => part !== "")
    .map((part) => {
      const address = parseAddress(part);
      const prefix = address === undefined ? parsePrefix(part) : hostPrefix(address);
      return prefix ?? fail(`Unable to parse IP address: \`${part}'`);
    });
}

function dump({ privateKey, publicKey, listenPort, firewallMark, peers }: WireGuardDevice): string {
  const mark = firewallMark === 0 ? "off" : `0x${firewallMark.toString(16)}`;
  const first = [privateKey?.revealBase64() ?? "(none)", publicKey || "(none)", listenPort, mark];
  return [first, ...[...peers.values()].map(peerFields)].map((fields) => `${fields.join("\t")}\n`).join("");
}

const peerFields = (peer: WireGuardPeer): (string | number)[] => [
  peer.publicKey,
  peer.presharedKey?.revealBase64() ?? "(none)",
  peer.endpoint ?? "(none)",
  peer.allowedIPs.join(",") || "(none)",
  Math.floor((peer.handshakeAt ?? 0) / 1000),
  peer.receivedBytes,
  peer.sentBytes,
  peer.keepaliveSeconds === 0 ? "off" : peer.keepaliveSeconds,
];
