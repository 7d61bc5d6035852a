import {
  type Address,
  addressToBytes,
  bitsOf,
  type Endpoint,
  endpointAddress,
  endpointPort,
  networkOf,
  type Prefix,
} from "../net/index.ts";
import type { Affiliate, KubespanAffiliate, Membership } from "./affiliate.ts";
import { wire } from "./wire/index.ts";

/** Encodes an affiliate as protobuf. Its endpoints travel beside it, one by one (`encodeEndpoint`). */
export const encodeAffiliate = (affiliate: Affiliate): Uint8Array =>
  wire.Affiliate.encode({
    nodeId: affiliate.nodeId,
    addresses: affiliate.addresses.map(bytesOf),
    hostname: affiliate.hostname,
    nodename: affiliate.nodeName,
    machineType: affiliate.machineType,
    operatingSystem: affiliate.operatingSystem,
    kubespan: affiliate.kubespan && kubespanMessage(affiliate.kubespan),
    controlPlane:
      affiliate.apiServerPort === undefined ? undefined : { apiServerPort: affiliate.apiServerPort },
    discoveryService: affiliate.discoveryService ?? "",
    membership: affiliate.membership && membershipMessage(affiliate.membership),
  }).finish();

export const encodeEndpoint = (endpoint: Endpoint): Uint8Array =>
  wire.Endpoint.encode(endpointMessage(endpoint)).finish();

const kubespanMessage = (kubespan: KubespanAffiliate): wire.KubeSpan => ({
  publicKey: kubespan.publicKey,
  address: bytesOf(kubespan.address),
  additionalAddresses: kubespan.additionalAddresses.map(prefixMessage),
  excludedAdvertisedNetworks: kubespan.excludedNetworks.map(prefixMessage),
});

const endpointMessage = (endpoint: Endpoint): wire.Endpoint => ({
  ip: bytesOf(endpointAddress(endpoint)),
  port: endpointPort(endpoint),
});

const membershipMessage = (membership: Membership): wire.Membership => ({
  number: BigInt(membership.number),
  startedAt: BigInt(membership.startedAt),
  machine: Buffer.from(membership.machine, "base64"),
  otherNetworks: membership.otherNetworks.map(prefixMessage),
  left: membership.farewells !== undefined,
  relays: membership.relays === true,
  refusals: [...(membership.refusals ?? [])],
  evictions: (membership.evictions ?? []).map((statement) => Buffer.from(statement, "base64")),
  secrets: (membership.secrets ?? []).map((name) => Buffer.from(name, "base64")),
  mapped: membership.mapped === undefined ? undefined : endpointMessage(membership.mapped),
  farewells: [...(membership.farewells ?? [])].map(([recipient, mac]) => ({
    recipient: Buffer.from(recipient, "base64"),
    mac: Buffer.from(mac, "base64"),
  })),
});

const prefixMessage = (prefix: Prefix): wire.IPPrefix => ({
  ip: bytesOf(networkOf(prefix)),
  bits: bitsOf(prefix),
});

const bytesOf = (address: Address): Buffer => Buffer.from(addressToBytes(address));
