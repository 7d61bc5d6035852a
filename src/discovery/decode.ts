import { type MachineType, parseServiceURL } from "../config/index.ts";
import {
  type Address,
  addressFromBytes,
  type Endpoint,
  endpointOf,
  familyOf,
  hostPortText,
  type Prefix,
  prefixOf,
} from "../net/index.ts";
import {
  type Affiliate,
  type KubespanAffiliate,
  type Membership,
  mostRefusals,
  type Refusal,
} from "./affiliate.ts";
import { Dropped } from "./dropped.ts";
import { isPublicKey } from "./public-key.ts";
import { secretNameBytes } from "./secrets.ts";
import { isNodeId, isPrintable, noNodeId, printable } from "./text.ts";
import { wire } from "./wire/index.ts";

/**
 * An affiliate with the reasons why items were left out of it, or the reason why there is none. All texts are
 * printable.
 */
export type Decoded =
  | { readonly affiliate: Affiliate; readonly dropped: readonly string[] }
  | { readonly refused: string };

/** The largest lengths in characters; host names and node names are DNS names. */
const maxText = { hostname: 253, nodename: 253, operatingSystem: 256 } as const;

/**
 * Reads the record in which a node describes itself. The bytes come from a holder of the cluster secret, through a
 * service that may have exchanged them, so nothing is believed unchecked. A bad list item is dropped and named; any
 * other flaw refuses the affiliate.
 */
export function decodeAffiliate(bytes: Uint8Array, endpoints: readonly Endpoint[]): Decoded {
  const message = decoded(() => wire.Affiliate.decode(bytes));
  if (!message) return { refused: "its data is not an affiliate message" };
  const refused = refusal(message);
  if (refused !== undefined) return { refused };
  const dropped = new Dropped();
  const affiliate: Affiliate = {
    nodeId: message.nodeId,
    addresses: eachOnce(message.addresses, "address", addressFromBytes, dropped),
    hostname: message.hostname,
    nodeName: message.nodename,
    machineType: machineTypeOf(message.machineType, dropped),
    operatingSystem: message.operatingSystem,
    ...apiServerPortOf(message.controlPlane, dropped),
    ...discoveryServiceOf(message.discoveryService, dropped),
    ...kubespanOf(message.kubespan, endpoints, dropped),
    ...membershipOf(message.membership, dropped),
  };
  return { affiliate, dropped: dropped.reasons() };
}

/** Reads an endpoint; `undefined` for anything but an address and a port to which a packet can be sent. */
export function decodeEndpoint(bytes: Uint8Array): Endpoint | undefined {
  const message = decoded(() => wire.Endpoint.decode(bytes));
  return message && endpointIn(message);
}

function endpointIn({ ip, port }: wire.Endpoint): Endpoint | undefined {
  const address = addressFromBytes(ip);
  return address && endpointOf(address, port);
}

/** Calls the generated code, which throws on bytes that are not protobuf, and on nothing else. */
function decoded<Message>(decode: () => Message): Message | undefined {
  try {
    return decode();
  } catch {
    return undefined;
  }
}

/**
 * The lengths in bytes of the hash that names a machine, of the part of a key that names a recipient, and of a proof.
 */
const membershipBytes = { machine: 16, recipient: 8, mac: 16 } as const;

/** The largest number and time. Both are milliseconds since 1970 or a little more, so 53 bits always suffice. */
const largestNumber = BigInt(Number.MAX_SAFE_INTEGER);

function refusal(message: wire.Affiliate): string | undefined {
  if (!isNodeId(message.nodeId)) return `its node id ${noNodeId}`;
  for (const field of ["hostname", "nodename", "operatingSystem"] as const) {
    const text = message[field];
    if (text.length > maxText[field]) return `its ${field} is longer than ${maxText[field]} characters`;
    if (!isPrintable(text)) return `its ${field} holds unprintable characters`;
  }
  const membership = message.membership;
  if (membership && (membership.number > largestNumber || membership.startedAt > largestNumber))
    return "its number is larger than any clock could make it";
  if (membership && ![0, membershipBytes.machine].includes(membership.machine.length))
    return `its machine is not named by ${membershipBytes.machine} bytes`;
  if (!message.kubespan || message.kubespan.publicKey === "") return undefined;
  if (!isPublicKey(message.kubespan.publicKey))
    return "its public key is no key that WireGuard makes, in base64";
  return isIPv6(message.kubespan.address) ? undefined : "its KubeSpan address is not an IPv6 address";
}

function isIPv6(bytes: Uint8Array): boolean {
  const address = addressFromBytes(bytes);
  return address !== undefined && familyOf(address) === 6;
}

function machineTypeOf(text: string, dropped: Dropped): MachineType {
  if (text === "controlplane" || text === "worker") return text;
  if (text !== "" && text !== "unknown") dropped.add(`machine type "${printable(text, 40)}": not known`);
  return "unknown";
}

function apiServerPortOf(
  message: wire.ControlPlane | undefined,
  dropped: Dropped,
): { apiServerPort: number } | undefined {
  const port = message?.apiServerPort ?? 0;
  if (port > 65535) dropped.add(`API server port ${port}: over 65535`);
  return port > 0 && port <= 65535 ? { apiServerPort: port } : undefined;
}

/** The length of the longest URL of a discovery service: a DNS name, a port, and what is around them. */
const longestURL = 280;

/** Reads the service on a node. Only those are told that are asked over TLS, and a path in the URL means nothing. */
function discoveryServiceOf(text: string, dropped: Dropped): { discoveryService: string } | undefined {
  if (text === "") return undefined;
  const location = text.length <= longestURL ? parseServiceURL(text) : undefined;
  if (location?.tls) return { discoveryService: `https://${hostPortText(location)}/` };
  dropped.add(`discovery service "${printable(text, 80)}": no URL with https://`);
  return undefined;
}

/** Reads a node's part in the mesh. A node without a public key is in the cluster, but not in the mesh. */
function kubespanOf(
  message: wire.KubeSpan | undefined,
  endpoints: readonly Endpoint[],
  dropped: Dropped,
): { kubespan: KubespanAffiliate } | undefined {
  const address = message && addressFromBytes(message.address);
  if (!address || message.publicKey === "") return undefined;
  return {
    kubespan: {
      publicKey: message.publicKey,
      address,
      additionalAddresses: eachOnce(message.additionalAddresses, "additional prefix", prefixFrom, dropped),
      excludedNetworks: eachOnce(message.excludedAdvertisedNetworks, "excluded network", prefixFrom, dropped),
      endpoints: [...new Set(endpoints)],
    },
  };
}

/**
 * Reads the membership; `undefined` for a node that does not announce one, as Talos and early versions of this program.
 */
function membershipOf(
  message: wire.Membership | undefined,
  dropped: Dropped,
): { membership: Membership } | undefined {
  if (!message || message.number === 0n) return undefined;
  return {
    membership: {
      number: Number(message.number),
      startedAt: Number(message.startedAt),
      machine: base64(message.machine),
      otherNetworks: eachOnce(message.otherNetworks, "other network", prefixFrom, dropped),
      ...(message.left && { farewells: farewellsOf(message.farewells) }),
      ...(message.relays && { relays: true }),
      ...refusalsOf(message.refusals, dropped),
      ...evictionsOf(message.evictions),
      ...secretsIn(message.secrets),
      ...mappedIn(message.mapped),
    },
  };
}

/** The length of the longest reason for a refusal, in characters. */
const longestReason = 200;

function refusalsOf(
  messages: readonly wire.Refusal[],
  dropped: Dropped,
): { refusals: readonly Refusal[] } | undefined {
  const refusals = messages
    .slice(0, mostRefusals)
    .filter(({ nodeId, reason }) => isNodeId(nodeId) && reason.length <= longestReason && isPrintable(reason))
    .map(({ nodeId, reason }) => ({ nodeId, reason }));
  if (refusals.length < messages.length)
    dropped.add(`refusals: ${messages.length - refusals.length} not valid`);
  return refusals.length === 0 ? undefined : { refusals };
}

/** The secrets that are read of one affiliate: the one that seals, and as many as a configuration may have beside it. */
const mostSecrets = 3;

function secretsIn(names: readonly Uint8Array[]): { secrets: readonly string[] } | undefined {
  const some = names.slice(0, mostSecrets).filter(({ length }) => length === secretNameBytes);
  return some.length === 0 ? undefined : { secrets: some.map(base64) };
}

function mappedIn(message: wire.Endpoint | undefined): { mapped: Endpoint } | undefined {
  const mapped = message && endpointIn(message);
  return mapped && { mapped };
}

/** The statements that are read of one affiliate. What they say and who signed them is judged elsewhere. */
const mostEvictions = 8;
const longestEviction = 159;

function evictionsOf(statements: readonly Uint8Array[]): { evictions: readonly string[] } | undefined {
  const some = statements.slice(0, mostEvictions).filter(({ length }) => length <= longestEviction);
  return some.length === 0 ? undefined : { evictions: some.map(base64) };
}

const farewellsOf = (messages: readonly wire.Farewell[]): Map<string, string> =>
  new Map(
    messages
      .filter(
        ({ recipient, mac }) =>
          recipient.length === membershipBytes.recipient && mac.length === membershipBytes.mac,
      )
      .map(({ recipient, mac }) => [base64(recipient), base64(mac)]),
  );

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");

function prefixFrom(message: wire.IPPrefix): Prefix | undefined {
  const address = addressFromBytes(message.ip);
  return address && prefixOf(address, message.bits, message.ip.length === 16);
}

/** Reads every valid item, in order and without duplicates. The others are named in `dropped`. */
function eachOnce<Item, Value extends Address | Prefix>(
  items: readonly Item[],
  name: string,
  read: (item: Item) => Value | undefined,
  dropped: Dropped,
): Value[] {
  const values = new Set<Value>();
  items.forEach((item, index) => {
    const value = read(item);
    if (value === undefined) dropped.add(`${name} ${index + 1} of ${items.length}: not valid`);
    else values.add(value);
  });
  return [...values];
}
