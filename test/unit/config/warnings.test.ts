import { expect, test } from "vitest";
import { configWarnings, parseConfig, runDirectoryIn } from "../../../src/config/index.ts";
import { clusterID, clusterSecret } from "./documents.ts";

const identity = `apiVersion: v1alpha1\nkind: DiscoveryIdentityConfig\nclusterID: ${clusterID}\nclusterSecret: ${clusterSecret}\n`;
const document = (kind: string, text: string): string => `apiVersion: v1alpha1\nkind: ${kind}\n${text}\n`;
const daemon = (text: string): string => document("KubeSpanDaemonConfig", text);
const service = (endpoint: string): string =>
  document("DiscoveryServiceConfig", `name: one\nendpoint: ${endpoint}`);

test.each<[string, RegExp | undefined]>([
  [daemon("stunServer: stun.example.org\nconnect: serial"), /stunServer is not asked with connect: serial/],
  [daemon("stunServer: stun.example.org"), undefined],
  [daemon("dial: {pin: [10.0.0.0/8], forbid: [10.0.0.0/8]}"), /both name 10\.0\.0\.0\/8/],
  [daemon("dial: {pin: [10.0.0.0/8], forbid: [10.1.0.0/16]}"), undefined],
  [document("KubeSpanConfig", "advertiseKubernetesNetworks: true"), /nothing without kubernetes\.enabled/],
  [
    daemon("advertisedPrefixes: [10.244.1.5/24]"),
    /10\.244\.1\.5\/24 is taken as the network 10\.244\.1\.0\/24/,
  ],
  [
    daemon("advertisedPrefixes: ['2001:DB8::5/64']"),
    /2001:DB8::5\/64 is taken as the network 2001:db8::\/64/,
  ],
  [daemon("advertisedPrefixes: ['2001:DB8::/64', 10.244.1.0/24] # not 10.244.1.5/24"), undefined],
  [
    daemon("localNetworks: [0.0.0.0/0]"),
    /localNetworks has 0\.0\.0\.0\/0: .* in clear, also to nodes and pods/,
  ],
  [daemon("localNetworks: ['2001:db8::/32']"), /localNetworks has 2001:db8::\/32/],
  [daemon("localNetworks: [192.168.0.0/16, 10.1.2.3/32, '2001:db8::/48']"), undefined],
  [service("http://discovery.example.org:3000/"), /by http:\/\/ at the public name discovery\.example\.org/],
  [service("https://discovery.example.org/"), undefined],
  [service("http://192.0.2.10:3000/"), undefined],
  [service("http://discovery.lan:3000/"), undefined],
])("%j", (more, expected) => {
  const text = `${identity}---\n${more}`;
  const warnings = configWarnings(parseConfig(text, "FILE"), text);
  expect(warnings).toEqual(expected === undefined ? [] : [expect.stringMatching(expected)]);
});

test.each([
  ["kind: KubeSpanDaemonConfig\nrunDirectory: /run/other # here\nbroken: [", "/run/other"],
  ['  "runDirectory": "/run/other"\n', "/run/other"],
  ["# runDirectory: /run/other\n", undefined],
  ["", undefined],
])("of the broken configuration %j the folder of the socket is %s", (text, expected) => {
  expect(runDirectoryIn(text)).toBe(expected);
});
