import { expect, test } from "vitest";
import type { RegistryState } from "../../../src/discovery/registry-state.ts";
import { type Prefix, parsePrefix } from "../../../src/net/index.ts";
import { podNetworksLeftOut, withPodNetworks } from "../../../src/self/pod-networks.ts";
import { config } from "../mesh/values.ts";

const prefixes = (...texts: string[]): Prefix[] => texts.flatMap((text) => parsePrefix(text) ?? []);
const told = (...texts: string[]): RegistryState[] => [
  {
    name: "kubernetes",
    location: "",
    phase: "connected",
    affiliates: 0,
    refused: [],
    podNetworks: prefixes(...texts),
  },
];
const asked = config({
  advertiseKubernetesNetworks: true,
  kubernetes: {},
  advertisedPrefixes: prefixes("10.9.0.0/16"),
});

test.each([
  ["not asked for", { ...asked, advertiseKubernetesNetworks: false }, ["10.1.0.0/24"], ["10.9.0.0/16"], []],
  ["both families", asked, ["10.1.0.0/24", "fd44::/64"], ["10.9.0.0/16", "10.1.0.0/24", "fd44::/64"], []],
  ["one that was named, too", asked, ["10.9.0.0/16"], ["10.9.0.0/16"], []],
  ["none told", asked, [], ["10.9.0.0/16"], ["Kubernetes has not told any for this node"]],
  ["too wide", asked, ["8.0.0.0/7"], ["10.9.0.0/16"], ["wider than /8 (widestPrefix)"]],
  ["unreachable", asked, ["127.0.0.0/8"], ["10.9.0.0/16"], ["a loopback address"]],
  ["partly", asked, ["169.252.0.0/14"], ["10.9.0.0/16"], ["partly link-local (169.254.0.0/16)"]],
  [
    "what clouds use",
    asked,
    ["168.63.129.16/32"],
    ["10.9.0.0/16"],
    ["an address of the cloud's own services"],
  ],
])("pod networks, %s", (_, given, networks, advertised, reasons) => {
  expect(withPodNetworks(given, prefixes(...networks)).advertisedPrefixes).toEqual(advertised);
  expect(podNetworksLeftOut(given, told(...networks)).map(({ reason }) => reason)).toEqual(reasons);
});

test("pod networks that the CNI has on the node need no Kubernetes", () => {
  const { kubernetes: _, ...without } = asked;
  const given = withPodNetworks(
    { ...without, podNetworks: { mainTable: false, source: "node" } },
    prefixes("10.244.77.64/26"),
  );
  expect(given.advertisedPrefixes).toContain("10.244.77.64/26");
  expect(podNetworksLeftOut(given, [])).toEqual([]);
});

test("pod networks that are asked for where Kubernetes is not enabled: the status says so", () => {
  const { kubernetes: _, ...without } = asked;
  expect(podNetworksLeftOut(without, [])).toEqual([
    { value: "pod networks", reason: "kubernetes is not enabled in KubeSpanDaemonConfig" },
  ]);
});
