import { expect } from "vitest";
import { Secret } from "../../../src/base/secret.ts";
import type { Config } from "../../../src/config/config.ts";
import { noDialRules } from "../../../src/config/index.ts";
import type { Affiliate, KubespanAffiliate } from "../../../src/discovery/affiliate.ts";
import {
  type Address,
  type Endpoint,
  type Prefix,
  parseAddress,
  parseEndpoint,
  parsePrefix,
} from "../../../src/net/index.ts";
import { type Candidate, classes, type PeerSpec } from "../../../src/peers/index.ts";

/** Values for tests, checked: a typing error in a test fails there. */
export const address = (text: string): Address =>
  parseAddress(text) ?? expect.fail(`not an address: ${text}`);
export const prefix = (text: string): Prefix => parsePrefix(text) ?? expect.fail(`not a prefix: ${text}`);
export const endpoint = (text: string): Endpoint =>
  parseEndpoint(text) ?? expect.fail(`not an endpoint: ${text}`);

/** The number-th public key. */
export const key = (number: number): string => Buffer.alloc(32, number + 1).toString("base64");

/** This node: number 1 of the cluster fd00:0:0:2::/64, with the key 0. */
export const self = {
  nodeId: "self",
  publicKey: key(0),
  address: address("fd00:0:0:2::1"),
  clusterPrefix: prefix("fd00:0:0:2::/64"),
  hostname: "host",
  operatingSystem: "Debian",
};

/** `node-N` of the cluster fd00:0:0:2::/64, with the ULA ...::N and the endpoint 198.51.100.N:51820. */
export const affiliate = (
  number: number,
  kubespan: Partial<KubespanAffiliate> = {},
  more: Partial<Affiliate> = {},
): Affiliate => ({
  nodeId: `id${String(number).padStart(3, "0")}`,
  addresses: [],
  hostname: `host-${number}`,
  nodeName: `node-${number}`,
  machineType: "worker",
  operatingSystem: "Linux",
  kubespan: {
    publicKey: key(number),
    address: address(`fd00:0:0:2::${number}`),
    additionalAddresses: [],
    excludedNetworks: [],
    endpoints: [endpoint(`198.51.100.${number}:51820`)],
    ...kubespan,
  },
  ...more,
});

/** A public endpoint, if nothing else is told. */
export const candidate = (at: Endpoint, more: Partial<Candidate> = {}): Candidate => ({
  endpoint: at,
  kind: "public-ipv4",
  reason: "a public IPv4 address",
  class: classes.other,
  ...more,
});

/** `node-N` as a peer that may be dialled at these endpoints, and nothing else that is special. */
export const peerSpec = (
  number: number,
  endpoints: readonly Endpoint[],
  more: Partial<PeerSpec> = {},
): PeerSpec => ({
  nodeId: `id${number}`,
  label: `node-${number}`,
  publicKey: key(number),
  address: address(`fd00:0:0:2::${number}`),
  allowedIPs: [],
  refusedPrefixes: [],
  candidates: endpoints.map((each) => candidate(each)),
  endpoints,
  refusedCandidates: [],
  ...more,
});

export const config = (changes: Partial<Config> = {}): Config => ({
  enabled: true,
  advertiseKubernetesNetworks: false,
  allowDownPeerBypass: false,
  harvestExtraEndpoints: false,
  mtu: "auto",
  endpointFilters: [],
  excludeAdvertisedNetworks: [],
  extraAnnouncedEndpoints: [],
  extraAnnouncedNames: [],
  cluster: { id: "cluster", secret: new Secret(new Uint8Array(32).fill(7)) },
  services: [],
  interfaceName: "kubespan",
  listenPort: 51820,
  wireguard: "auto",
  relay: { serve: false, use: true, service: true, maxPairs: 200, maxBytesPerSecond: 12_500_000 },
  keepalive: 25,
  advertisedPrefixes: [],
  otherNetworks: [],
  localNetworks: [],
  allowLocalMachineBypass: false,
  answerOutside: true,
  strictIngress: "pods",
  portMapping: false,
  portGuessing: false,
  matrix: false,
  pathMTU: false,
  registriesOutside: "tls",
  podNetworks: { mainTable: false, source: "kubernetes" },
  routing: { table: 180, priority: 32500 },
  marks: { fromWireGuard: 0x20, toWireGuard: 0x40 },
  widestPrefix: { ipv4: 8, ipv6: 16 },
  members: { forgetAfterMinutes: 1440, nodeDeletion: "auto" },
  node: { machineType: "worker" },
  connect: "serial",
  dial: noDialRules,
  stateDirectory: "/var/lib/kubespan",
  runDirectory: "/run/kubespan",
  log: { level: "info", format: "text", destinations: [] },
  ...changes,
});

/** The keys of a pass: the device is the kernel's. */
export const keys = { privateKey: config().cluster.secret, implementation: "kernel" } as const;
