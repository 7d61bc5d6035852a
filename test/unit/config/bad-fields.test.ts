import { describe, expect, test } from "vitest";
import { complaints, identity } from "./documents.ts";

const head = (kind: string): string => `apiVersion: v1alpha1\nkind: ${kind}\n`;
/** A document of a kind on lines 1 and 2, its fields from line 3 on, and an identity behind it. */
const file = (kind: string, fields: string): string => `${head(kind)}${fields}\n---\n${identity}`;

describe("one wrong field", () => {
  test.each([
    ...["-1", "1420.5", ".nan", '"1420"', "automatic"].map((mtu) => [
      "KubeSpanConfig",
      `mtu: ${mtu}`,
      `3:6: mtu is ${mtu === ".nan" ? "NaN" : mtu === "automatic" ? '"automatic"' : mtu}; expected auto or a whole number of bytes such as 1420`,
    ]),
    ["KubeSpanConfig", "enabled: maybe", '3:10: enabled is "maybe"; expected true or false'],
    ["KubeSpanConfig", "enabeld: false", '3:1: enabeld is not known here (did you mean "enabled"?)'],
    ["KubeSpanConfig", "Enabled: false", '3:1: Enabled is not known here (did you mean "enabled"?)'],
    [
      "KubeSpanConfig",
      "listenPort: 1",
      "3:1: listenPort is not known here; it belongs in a KubeSpanDaemonConfig document",
    ],
    [
      "KubeSpanConfig",
      "filters: [a]",
      "3:10: filters is a list; expected a map with endpoints, peerEndpoints, excludeAdvertisedNetworks",
    ],
    [
      "KubeSpanConfig",
      "filters:\n  endpoint: []",
      '4:3: filters.endpoint is not known here (did you mean "endpoints"?)',
    ],
    [
      "KubeSpanConfig",
      "filters:\n  endpoints:\n    - 10.0.0.0/8\n    - '!!10.0.0.0/8'",
      '6:7: filters.endpoints[1] is "!!10.0.0.0/8"; expected a prefix such as 0.0.0.0/0, or one to leave out such as !192.168.0.0/16',
    ],
    [
      "KubeSpanConfig",
      "filters: {excludeAdvertisedNetworks: [10.0.0.1]}",
      '3:39: filters.excludeAdvertisedNetworks[0] is "10.0.0.1"; expected a prefix such as 10.0.0.0/8 or 2001:db8::/32',
    ],
    [
      "KubeSpanConfig",
      "filters: {excludeAdvertisedNetworks: 10.0.0.0/8}",
      '3:38: filters.excludeAdvertisedNetworks is "10.0.0.0/8"; expected a list of prefixes',
    ],
    [
      "KubeSpanEndpointsConfig",
      "extraAnnouncedEndpoints: [192.0.2.1]",
      '3:27: extraAnnouncedEndpoints[0] is "192.0.2.1"; expected an address or host name, and a port, such as 192.0.2.1:51820, [2001:db8::1]:51820 or home.example.org:51820',
    ],
    [
      "DiscoveryServiceConfig",
      "endpoint: https://a.example",
      "1:1: name is missing; expected a name of at most 256 letters, digits and other visible characters",
    ],
    [
      "DiscoveryServiceConfig",
      "name: a\nendpoint: a.example:443",
      '4:11: endpoint is "a.example:443"; expected https://host[:port]/ (TLS, port 443) or http://host[:port]/ (plaintext, port 80)',
    ],
    [
      "KubeSpanDaemonConfig",
      "wireguard: kernal",
      '3:12: wireguard is "kernal"; expected one of auto, kernel, userspace',
    ],
    [
      "KubeSpanDaemonConfig",
      "listenPort: 51822",
      "3:13: listenPort is 51822, on which members tell each other things in the tunnel; expected another port",
    ],
    [
      "KubeSpanDaemonConfig",
      "listenPort: 0",
      "3:13: listenPort is 0; expected a whole number from 1 to 65535",
    ],
    [
      "KubeSpanDaemonConfig",
      "routing: {table: 0}",
      "3:18: routing.table is 0; expected a whole number from 1 to 4294967295",
    ],
    [
      "KubeSpanDaemonConfig",
      "routing: {table: 254}",
      "3:18: routing.table is one of the system's own tables (253, 254, 255); expected a table that nothing else uses, such as 180",
    ],
    [
      "KubeSpanDaemonConfig",
      "routing: {priority: 32766}",
      "3:21: routing.priority is 32766; expected a whole number from 1 to 32765",
    ],
    [
      "KubeSpanDaemonConfig",
      "marks: {fromWireGuard: 0x60}",
      "3:8: marks overlap; expected fromWireGuard and toWireGuard to have no bit in common",
    ],
    [
      "KubeSpanDaemonConfig",
      "marks: {toWireGuard: 0x80000000, fromWireGuard: 0x80000000}",
      "3:8: marks overlap; expected fromWireGuard and toWireGuard to have no bit in common",
    ],
    [
      "KubeSpanDaemonConfig",
      "marks: {toWireGuard: 0}",
      "3:22: marks.toWireGuard is out of range; expected one or more bits of the packet mark, 0x1 to 0xffffffff",
    ],
    [
      "KubeSpanDaemonConfig",
      "marks: {toWireGuard: 0x100000000}",
      "3:22: marks.toWireGuard is out of range; expected one or more bits of the packet mark, 0x1 to 0xffffffff",
    ],
    [
      "KubeSpanDaemonConfig",
      "marks: {toWireGuard: 40h}",
      "3:22: marks.toWireGuard is not a number; expected one or more bits of the packet mark, such as 0x20",
    ],
    [
      "KubeSpanDaemonConfig",
      "widestPrefix: {ipv4: 33}",
      "3:22: widestPrefix.ipv4 is 33; expected a whole number from 0 to 32",
    ],
    [
      "KubeSpanDaemonConfig",
      "advertisedPrefixes: [10.0.0.0/8, 8.0.0.0/7]",
      "3:34: advertisedPrefixes[1] is 8.0.0.0/7, wider than /8; expected narrower ones, or a smaller widestPrefix.ipv4 on all nodes",
    ],
    [
      "KubeSpanDaemonConfig",
      "advertisedPrefixes: ['2000::/15']",
      "3:22: advertisedPrefixes[0] is 2000::/15, wider than /16; expected narrower ones, or a smaller widestPrefix.ipv6 on all nodes",
    ],
    [
      "KubeSpanDaemonConfig",
      "advertisedPrefixes: [10.0.0.0/8, 11.0.0.0/8, 12.0.0.0/8]",
      "3:21: advertisedPrefixes hold more IPv4 addresses than 2 networks of /8, the most that others believe of one node; expected fewer, or a smaller widestPrefix.ipv4 on all nodes",
    ],
    [
      "KubeSpanDaemonConfig",
      "advertisedPrefixes: [169.252.0.0/14]",
      "3:22: advertisedPrefixes[0] is 169.252.0.0/14, which is partly link-local (169.254.0.0/16); no other node can reach it",
    ],
    [
      "KubeSpanDaemonConfig",
      "advertisedPrefixes: ['fd00:ec2::254/128']",
      "3:22: advertisedPrefixes[0] is fd00:ec2::254/128, which is an address of the cloud's own services; no other node can reach it",
    ],
    [
      "KubeSpanDaemonConfig",
      "advertisedPrefixes: [127.0.0.0/8]",
      "3:22: advertisedPrefixes[0] is 127.0.0.0/8, which is a loopback address; no other node can reach it",
    ],
    [
      "KubeSpanDaemonConfig",
      "node: {machineType: master}",
      '3:21: node.machineType is "master"; expected one of controlplane, init, worker, unknown',
    ],
    [
      "KubeSpanDaemonConfig",
      "node: {machineType: worker, apiServerPort: 6443}",
      "3:44: node.apiServerPort is for control planes only; remove it, or set machineType: controlplane",
    ],
    [
      "KubeSpanDaemonConfig",
      "node: {name: Node_1}",
      `3:14: node.name is "Node_1"; expected a Kubernetes node name (small letters, digits, '-' and '.')`,
    ],
    [
      "KubeSpanDaemonConfig",
      "serviceCAFiles: {none: /ca.pem}",
      '3:18: serviceCAFiles: no DiscoveryServiceConfig is named "none"',
    ],
    ...["var/lib", "/", "/a/../b", "/a/./b", `/${"x".repeat(93)}`].map((path) => [
      "KubeSpanDaemonConfig",
      `runDirectory: ${path}`,
      `3:15: runDirectory is "${path.slice(0, 60)}${path.length > 60 ? "…" : ""}"; ` +
        "expected an absolute path of at most 93 bytes without '.' or '..' parts",
    ]),
    ...["lo", "all", "default", "abcdefghijklmnop", "a b", "0a", "a/b", "'..'", "a.1"].map((name) => [
      "KubeSpanDaemonConfig",
      `interfaceName: ${name}`,
      `3:16: interfaceName is "${name.replaceAll("'", "")}"; expected a name of at most 15 letters, digits, ` +
        "'_' and '-' that begins with a letter and is not lo, all or default",
    ]),
  ])("%s, %s", (kind = "", fields = "", complaint = "") => {
    expect(complaints(file(kind, fields))).toEqual([complaint]);
  });
});
