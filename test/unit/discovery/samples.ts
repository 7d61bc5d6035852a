import fc from "fast-check";
import { Secret } from "../../../src/base/secret.ts";
import {
  type Affiliate,
  type KubespanAffiliate,
  type Membership,
  mostRefusals,
} from "../../../src/discovery/affiliate.ts";
import {
  type Address,
  addressFromBytes,
  type Endpoint,
  endpointOf,
  type Prefix,
  parseAddress,
  parseEndpoint,
  parsePrefix,
  prefixOf,
} from "../../../src/net/index.ts";

export const address = (text: string): Address => parseAddress(text) ?? fail(text);
export const prefix = (text: string): Prefix => parsePrefix(text) ?? fail(text);
export const endpoint = (text: string): Endpoint => parseEndpoint(text) ?? fail(text);

function fail(text: string): never {
  throw new Error(`bad sample: ${text}`);
}

/** The bytes 0 to 31. */
export const key = new Secret(Uint8Array.from({ length: 32 }, (_, index) => index));
export const otherKey = new Secret(new Uint8Array(32).fill(9));
export const publicKey = (byte: number): string => Buffer.alloc(32, byte).toString("base64");

const sampleKubespan: KubespanAffiliate = {
  publicKey: publicKey(7),
  address: address("fd7f:175a:b97c:5602:2c1a:b6ff:fe53:8169"),
  additionalAddresses: [prefix("10.244.1.0/24")],
  excludedNetworks: [prefix("192.168.1.0/24")],
  endpoints: [endpoint("192.0.2.1:51820"), endpoint("[fd00::9]:51820")],
};

/** The id of a node that tests call by a short name; ids that lie close together in a test stay in that order. */
export const idOf = (name: string): string => name.replace(/[^0-9A-Za-z]/g, "").padEnd(43, "Z");
/** What a test calls the node with such an id. */
export const nameOf = (id: string): string => id.replace(/Z+$/, "");

/** The affiliate of the golden vectors. */
export const sample: Affiliate = {
  nodeId: idOf("node-1"),
  addresses: [address("10.0.0.1"), address("2001:db8::1")],
  hostname: "one",
  nodeName: "k8s-1",
  machineType: "worker",
  operatingSystem: "Debian 13",
  apiServerPort: 6443,
  kubespan: sampleKubespan,
};

/** The same with the id of another name and other endpoints. */
export const affiliateNamed = (name: string, ...endpoints: string[]): Affiliate => ({
  ...sample,
  nodeId: idOf(name),
  kubespan: { ...sampleKubespan, endpoints: endpoints.map(endpoint) },
});

const anyAddress = fc
  .oneof(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.uint8Array({ minLength: 16, maxLength: 16 }))
  .map((bytes) => addressFromBytes(bytes) ?? fail("address"));
const ipv6 = fc
  .ipV6()
  .map(address)
  .filter((text) => text.includes(":"));
const anyPrefix = fc
  .tuple(anyAddress, fc.nat(128))
  .map(([base, bits]) => prefixOf(base, base.includes(":") ? bits : bits % 33) ?? fail("prefix"));
export const anyEndpoint = fc
  .tuple(anyAddress, fc.integer({ min: 1, max: 65535 }))
  .map(([host, port]) => endpointOf(host, port) ?? fail("endpoint"));
const text = fc.string({ minLength: 0, maxLength: 20 });
const nodeId = fc.stringMatching(/^[0-9A-Za-z]{43,52}$/);
const list = <Item>(item: fc.Arbitrary<Item>) => fc.uniqueArray(item, { maxLength: 5 });

const base64 = (bytes: number) =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((value) => Buffer.from(value).toString("base64"));

const anyMembership: fc.Arbitrary<Membership> = fc.record(
  {
    number: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    startedAt: fc.nat(Number.MAX_SAFE_INTEGER),
    machine: fc.oneof(fc.constant(""), base64(16)),
    otherNetworks: list(anyPrefix),
    farewells: list(fc.tuple(base64(8), base64(16))).map((entries) => new Map(entries)),
    relays: fc.constant(true as const),
    mapped: anyEndpoint,
    refusals: fc.array(fc.record({ nodeId, reason: text }), { minLength: 1, maxLength: mostRefusals }),
  },
  { requiredKeys: ["number", "startedAt", "machine", "otherNetworks"] },
);

export const anyAffiliate = (id: fc.Arbitrary<string> = nodeId): fc.Arbitrary<Affiliate> =>
  fc.record(
    {
      nodeId: id,
      addresses: list(anyAddress),
      hostname: text,
      nodeName: text,
      machineType: fc.constantFrom("controlplane" as const, "worker" as const, "unknown" as const),
      operatingSystem: text,
      apiServerPort: fc.integer({ min: 1, max: 65535 }),
      kubespan: fc.record({
        publicKey: fc.integer({ min: 1, max: 127 }).map(publicKey),
        address: ipv6,
        additionalAddresses: list(anyPrefix),
        excludedNetworks: list(anyPrefix),
        endpoints: list(anyEndpoint),
      }),
      membership: anyMembership,
    },
    {
      requiredKeys: ["nodeId", "addresses", "hostname", "nodeName", "machineType", "operatingSystem"],
    },
  );
