// What Talos 1.8 to 1.15 takes, in the spellings that its reader takes, has the same meaning here.
import { describe, expect, test } from "vitest";
import { type Config, readConfig } from "../../../src/config/index.ts";
import { endpoint, prefix } from "../mesh/values.ts";
import { clusterID, clusterSecret, identity, machine } from "./documents.ts";

const read = (text: string) => readConfig(text, "FILE");
const head = (kind: string): string => `---\napiVersion: v1alpha1\nkind: ${kind}\n`;
const kubespan = (fields: string): string => `${identity}${head("KubeSpanConfig")}${fields}\n`;
const service = (fields: string): string => `${identity}${head("DiscoveryServiceConfig")}${fields}\n`;

describe("documents", () => {
  test.each<[string, string, Partial<Config>]>([
    [
      "enabled as YAML 1.1 has it",
      kubespan("enabled: yes\nmtu: 1420").replace("enabled: yes", "enabled: off"),
      { enabled: false },
    ],
    [
      "yes",
      kubespan("allowDownPeerBypass: Yes\nharvestExtraEndpoints: no"),
      { allowDownPeerBypass: true, harvestExtraEndpoints: false },
    ],
    ...(["0x58c", "0o2614", "02614", "0b10110001100", "1_420", "+1420"] as const).map(
      (mtu): [string, string, Partial<Config>] => [
        `an MTU of ${mtu}`,
        kubespan(`mtu: ${mtu}`),
        { mtu: 1420 },
      ],
    ),
    [
      "what is merged into a map, where the map has it not itself",
      `${kubespan("mtu: 1400")}<<: [{mtu: 1300, harvestExtraEndpoints: no}, {harvestExtraEndpoints: yes}]\n`,
      { mtu: 1400, harvestExtraEndpoints: false },
    ],
    ["no MTU", kubespan("mtu: 0"), { mtu: "auto" }],
    ["an empty MTU", kubespan("mtu:"), { mtu: "auto" }],
    ["empty filters", kubespan("filters:"), { endpointFilters: [] }],
    [
      "empty lists",
      kubespan("filters:\n  endpoints:\n  excludeAdvertisedNetworks:"),
      { endpointFilters: [] },
    ],
    [
      "a single address as a filter",
      kubespan('filters: {endpoints: [192.0.2.7, "!2001:db8::7"]}'),
      {
        endpointFilters: [
          { prefix: prefix("192.0.2.7/32"), exclude: false },
          { prefix: prefix("2001:db8::7/128"), exclude: true },
        ],
      },
    ],
    [
      "a service by grpc://",
      service("name: primary\nendpoint: grpc://discovery.example.org:50051"),
      { services: [{ name: "primary", host: "discovery.example.org", port: 50_051, tls: true }] },
    ],
    [
      "a service with a number as its name",
      service("name: 1\nendpoint: https://discovery.example.org/"),
      { services: [{ name: "1", host: "discovery.example.org", port: 443, tls: true }] },
    ],
    [
      "a service with a long name",
      service(`name: ${"n".repeat(256)}\nendpoint: https://discovery_1.example.org/`),
      { services: [{ name: "n".repeat(256), host: "discovery_1.example.org", port: 443, tls: true }] },
    ],
    ...(["012345678901234567890123", "0x1F", "1e3", "1_000", "true", "1.50"] as const).map(
      (id): [string, string, Partial<Config>] => [
        `${id} as an id and as a name`,
        service(`name: ${id}\nendpoint: https://discovery.example.org/`).replace(clusterID, id),
        {
          cluster: expect.objectContaining({ id }),
          services: [{ name: id, host: "discovery.example.org", port: 443, tls: true }],
        },
      ],
    ),
    [
      "a secret with line ends",
      identity.replace(clusterSecret, `|\n  ${clusterSecret.slice(0, 20)}\n  ${clusterSecret.slice(20)}`),
      {},
    ],
    [
      "the 1.8 spelling of a kind",
      `${identity}${head("KubespanEndpointsConfig")}extraAnnouncedEndpoints: ["192.0.2.1:1"]\n`,
      { extraAnnouncedEndpoints: [endpoint("192.0.2.1:1")] },
    ],
    [
      "a service with a path and a query, and a blank in its name",
      service('name: "the first"\nendpoint: https://discovery.example.org/v1?x=y'),
      { services: [{ name: "the first", host: "discovery.example.org", port: 443, tls: true }] },
    ],
    [
      "the control plane on which etcd begins",
      `${identity}${head("KubeSpanDaemonConfig")}node: {machineType: init}`,
      { node: { machineType: "controlplane" } },
    ],
  ])("%s", (_, text, expected) => {
    expect(read(text).config).toMatchObject(expected);
  });

  test.each([
    ["HTTPS://Discovery.example.org/", "https", 443],
    ["grpcs://discovery.example.org:50051", "https", 50_051],
    ["https://user:password@discovery.example.org/#there", "https", 443],
    ["HTTP://discovery.example.org", "http", 80],
    ["tls://discovery.example.org", "https", 443],
    ["grpc+tls://discovery.example.org:", "https", 443],
    ["https://discovery.example.org:0443/", "https", 443],
    ["https://discovery.example.org./", "https", 443],
  ])("%s is a service, and a notice says how it is read", (url, scheme, port) => {
    const { config, notices } = read(service(`name: primary\nendpoint: ${JSON.stringify(url)}`));
    expect(config.services).toMatchObject([{ host: "discovery.example.org", port, tls: scheme === "https" }]);
    expect(notices).toEqual([
      `FILE:9:11: endpoint is read as ${scheme}://discovery.example.org:${port}/, as Talos does`,
    ]);
  });

  test.each([
    ["127.0.0.1:51820", "a loopback address"],
    ["0.0.0.0:51820", "unspecified"],
    ["224.0.0.1:51820", "multicast"],
    ["[fe80::1]:51820", "link-local"],
    ["[fe80::1%eth0]:51820", "an address of one link only"],
    ["192.0.2.1:0", "without a port"],
  ])("nobody can dial %s: it is named, and not announced", (extra, kind) => {
    const { config, notices } = read(
      `${identity}${head("KubeSpanEndpointsConfig")}extraAnnouncedEndpoints: ["${extra}", "192.0.2.1:1"]\n`,
    );
    expect([config.extraAnnouncedEndpoints, config.extraAnnouncedNames]).toEqual([["192.0.2.1:1"], []]);
    expect(notices).toEqual([
      `FILE:8:27: extraAnnouncedEndpoints[0] is "${extra}", which is ${kind}; no other node can dial it, and it is not announced`,
    ]);
  });

  test("filters of the endpoints that peers announce", () => {
    const { config } = read(kubespan('filters: {peerEndpoints: [0.0.0.0/0, "!10.0.0.0/8"]}'));
    expect(config.dial.filters).toEqual([
      { prefix: "0.0.0.0/0", exclude: false },
      { prefix: "10.0.0.0/8", exclude: true },
    ]);
  });

  test("an opaque cluster id is used as it is, and a notice asks whether it is complete", () => {
    const { config, notices } = read(identity.replace(clusterID, "my-cluster"));
    expect(config.cluster.id).toBe("my-cluster");
    expect(notices).toEqual([
      expect.stringMatching(/^FILE:3:12: clusterID is not the base64 text of 32 bytes/),
    ]);
  });

  test.each([
    ["1000", 1280, "mtu is 1000; a link that carries IPv6 has 1280 to 65455, and 1280 is used"],
    [
      "4294967295",
      65_455,
      "mtu is 4294967295; a link that carries IPv6 has 1280 to 65455, and 65455 is used",
    ],
  ])("an MTU of %s is brought within what a link can have, and a notice says so", (mtu, used, notice) => {
    const { config, notices } = read(kubespan(`mtu: ${mtu}`));
    expect([config.mtu, notices]).toEqual([used, [`FILE:8:6: ${notice}`]]);
  });

  test.each(["endpoints", "peerEndpoints"])(
    "a %s list of exclusions alone: a notice says what Talos makes of it",
    (name) => {
      for (const list of ["[]", '["!192.168.0.0/16"]'])
        expect(read(kubespan(`filters: {${name}: ${list}}`)).notices).toEqual([
          expect.stringContaining(
            `filters.${name} names nothing to keep: all else is kept here, and nothing on a Talos node`,
          ),
        ]);
      expect(read(kubespan("filters: {}")).notices).toEqual([]);
      expect(read(kubespan(`filters: {${name}: [0.0.0.0/0, "!10.0.0.0/8"]}`)).notices).toEqual([]);
    },
  );

  test("documents of other kinds are ignored, and named once", () => {
    const others = ["HostnameConfig", "VolumeConfig", "VolumeConfig", "constructor"].map(head).join("");
    const { config, notices } = read(`${kubespan("enabled: false")}${others}`);
    expect(config.enabled).toBe(false);
    expect(notices).toEqual([
      'FILE:10:1: documents of kinds that are none of kubespan\'s are ignored: "HostnameConfig", "VolumeConfig", "constructor"',
    ]);
  });
});

/** What each release has for the same mesh: its machine configuration as far as it concerns the mesh, and documents. */
describe("the same mesh as each release writes it", () => {
  const cluster = `cluster:\n  id: ${clusterID}\n  secret: ${clusterSecret}\n  discovery:\n    enabled: true\n    registries:\n      kubernetes: {disabled: true}\n      service: {endpoint: "https://discovery.example.org/"}\n`;
  const inMachine = `machine:\n  type: worker\n  network:\n    kubespan: {enabled: true, mtu: 1400, filters: {endpoints: [0.0.0.0/0]}}\n`;
  const endpoints = `${head("KubeSpanEndpointsConfig")}extraAnnouncedEndpoints: ["192.168.13.46:52000"]\n`;
  const mesh = (more = ""): string =>
    `${head("KubeSpanConfig")}enabled: true\nmtu: 1400\nfilters: {endpoints: [0.0.0.0/0]${more}}\n`;
  const discovery = `${head("DiscoveryServiceConfig")}name: default\nendpoint: https://discovery.example.org/\n`;
  const type = "machine: {type: worker}\n";
  test.each([
    ["1.8", `${inMachine}${cluster}${endpoints.replace("KubeSpan", "Kubespan")}`],
    ["1.9 to 1.12", `${inMachine}${cluster}${endpoints}`],
    ["1.13", `${type}${cluster}${endpoints}${mesh()}`],
    ["1.14", `${type}${endpoints}${mesh()}---\n${identity}${discovery}`],
    ["1.15", `${type}${endpoints}${mesh(', peerEndpoints: ["0.0.0.0/0"]')}---\n${identity}${discovery}`],
  ])("%s", (release, text) => {
    const { config, notices } = read(text);
    expect(notices).toEqual([]);
    expect(config).toMatchObject({
      enabled: true,
      mtu: 1400,
      endpointFilters: [{ prefix: "0.0.0.0/0", exclude: false }],
      extraAnnouncedEndpoints: ["192.168.13.46:52000"],
      cluster: { id: clusterID },
      services: [{ host: "discovery.example.org", port: 443, tls: true }],
      node: { machineType: "worker" },
      dial: { filters: release === "1.15" ? [{ prefix: "0.0.0.0/0", exclude: false }] : [] },
    });
  });

  test.each(["kubespan: {}", "kubespan:", "hostname: a"])("with the mesh off: %s", (network) => {
    const text = `machine:\n  type: worker\n  network:\n    ${network}\n${cluster}`;
    expect(read(text).config.enabled).toBe(false);
  });
});

describe("a machine configuration", () => {
  test("is read where releases before 1.13 have the sections", () => {
    const { config, notices } = read(machine);
    expect(config).toMatchObject({
      enabled: true,
      allowDownPeerBypass: true,
      harvestExtraEndpoints: false,
      mtu: 1400,
      cluster: { id: clusterID },
      services: [{ name: "talos", host: "discovery.example.org", port: 443, tls: true }],
      node: { machineType: "controlplane" },
    });
    expect(config.endpointFilters).toHaveLength(3);
    expect(config.cluster.secret.revealBase64()).toBe(clusterSecret);
    expect(notices).toEqual([]);
  });

  test("asks Talos' own service where it names none, and none where that is off", () => {
    const unnamed = machine.replace('service: {endpoint: "https://discovery.example.org/"}', "service: {}");
    expect(read(unnamed).config.services).toMatchObject([{ host: "discovery.talos.dev" }]);
    const off = machine.replace("enabled: true\n    registries", "enabled: false\n    registries");
    expect(read(off.replace("enabled: true", "enabled: false")).config.services).toEqual([]);
  });

  test("has the words of YAML 1.1, too, and an empty endpoint is Talos' own service", () => {
    const yes = machine.replaceAll("enabled: true", "enabled: yes");
    expect(read(yes).config).toMatchObject(read(machine).config);
    const named = 'service: {endpoint: "https://discovery.example.org/"}';
    const empty = yes.replace(named, 'service: {endpoint: "", disabled: no}');
    expect(read(empty).config.services).toMatchObject([{ host: "discovery.talos.dev" }]);
    const off = yes.replace(named, "service: {disabled: yes}").replace("enabled: yes", "enabled: no");
    expect(read(off).config.services).toEqual([]);
  });

  test.each(["type: join", 'type: ""', "type:", "nodeLabels: {}"])("with %s is one of a worker", (type) => {
    const { config } = read(machine.replace("type: controlplane", type));
    expect(config.node.machineType).toBe("worker");
  });

  test("of the control plane on which etcd begins", () => {
    expect(read(machine.replace("type: controlplane", "type: init")).config.node.machineType).toBe(
      "controlplane",
    );
  });

  test("its Kubernetes registry needs a kubeconfig here, which a notice says", () => {
    const { notices } = read(machine.replace("{disabled: true}", "{disabled: false}"));
    expect(notices).toEqual([
      expect.stringContaining("the Kubernetes registry of this machine configuration is left out"),
    ]);
  });

  test("goes on in documents beside it", () => {
    const [old = ""] = machine.split("    kubespan:");
    const text = `${old}cluster: {}\n${head("KubeSpanConfig")}enabled: false\n${head("DiscoveryIdentityConfig")}clusterID: ${clusterID}\nclusterSecret: ${clusterSecret}\n`;
    expect(read(text).config).toMatchObject({ enabled: false, node: { machineType: "controlplane" } });
  });

  test("that says the same as a document beside it is refused, as Talos does", () => {
    expect(() => read(`${machine}${head("KubeSpanConfig")}enabled: false\n`)).toThrow(
      "a second KubeSpanConfig",
    );
  });

  test.each(["12345", "0x1F", "true"])("%s as its cluster id is that text", (id) => {
    expect(read(machine.replace(clusterID, id)).config.cluster.id).toBe(id);
  });

  test("what its sections hold beside is not taken for the kind of a document", () => {
    expect(() => read(machine.replace("mtu: 1400", "kind: 5"))).not.toThrow();
  });

  test("a wrong value is shown where it stands", () => {
    expect(() => read(machine.replace("mtu: 1400", "mtu: big"))).toThrow('FILE:16:12: mtu is "big"');
  });
});
