import { describe, expect, test } from "vitest";
import { type Config, parseConfig } from "../../../src/config/index.ts";
import { clusterID, clusterSecret, complaints, daemon, identity, talos } from "./documents.ts";

const parsed = (text: string): Config => parseConfig(text, "FILE");
const kubespan = (fields: string): string =>
  `${identity}---\napiVersion: v1alpha1\nkind: KubeSpanConfig\n${fields}\n`;

const service = (name: string, endpoint: string): string =>
  `---\napiVersion: v1alpha1\nkind: DiscoveryServiceConfig\nname: ${name}\nendpoint: ${endpoint}\n`;

const defaults = {
  enabled: false,
  advertiseKubernetesNetworks: false,
  allowDownPeerBypass: false,
  allowLocalMachineBypass: false,
  harvestExtraEndpoints: true,
  mtu: "auto",
  endpointFilters: [],
  excludeAdvertisedNetworks: [],
  extraAnnouncedEndpoints: [],
  extraAnnouncedNames: [],
  services: [],
  interfaceName: "kubespan",
  listenPort: 51820,
  wireguard: "auto",
  advertisedPrefixes: [],
  otherNetworks: [],
  localNetworks: [],
  answerOutside: true,
  strictIngress: "pods",
  portMapping: true,
  portGuessing: true,
  matrix: true,
  pathMTU: true,
  registriesOutside: "tls",
  podNetworks: { mainTable: false, source: "kubernetes" },
  routing: { table: 180, priority: 32500 },
  marks: { fromWireGuard: 0x20, toWireGuard: 0x40 },
  widestPrefix: { ipv4: 8, ipv6: 16 },
  members: { forgetAfterMinutes: 1440, nodeDeletion: "auto" },
  node: { machineType: "unknown" },
  connect: "auto",
  relay: { serve: "auto", use: true, service: true, maxPairs: 1000, maxBytesPerSecond: 12_500_000 },
  keepalive: 25,
  dial: { pin: [], prefer: [], forbid: [], filters: [] },
  stateDirectory: "/var/lib/kubespan",
  runDirectory: "/run/kubespan",
  log: { level: "info", format: "text", destinations: [] },
};

const withKubernetes = (text: string): string =>
  `${kubespan("enabled: true")}---\napiVersion: v1alpha1\nkind: KubeSpanDaemonConfig\nkubernetes: ${text}`;

describe("parseConfig", () => {
  test("an identity alone: every default, and the mesh off", () => {
    const { cluster, ...rest } = parsed(identity);
    expect(rest).toEqual(defaults);
    expect(cluster.id).toBe(clusterID);
    expect(cluster.secret.revealBase64()).toBe(clusterSecret);
  });

  test("Talos' documents as they are pasted", () => {
    const { cluster, ...rest } = parsed(talos);
    expect(rest).toEqual({
      ...defaults,
      enabled: true,
      harvestExtraEndpoints: false,
      mtu: 1420,
      endpointFilters: [
        { prefix: "0.0.0.0/0", exclude: false },
        { prefix: "192.168.0.0/16", exclude: true },
        { prefix: "::/0", exclude: false },
      ],
      excludeAdvertisedNetworks: ["192.168.1.0/24"],
      extraAnnouncedEndpoints: ["192.168.13.46:52000"],
      services: [{ name: "primary", host: "discovery.example.org", port: 443, tls: true }],
    });
    expect(cluster.id).toBe(clusterID);
  });

  test("every field of our own document", () => {
    expect(parsed(`${talos}---\n${daemon}`)).toMatchObject({
      interfaceName: "mesh-0",
      listenPort: 51999,
      wireguard: "userspace",
      connect: "serial",
      dial: { pin: ["10.0.0.0/8"], prefer: ["10.1.0.0/16", "2001:db8::/32"], forbid: ["10.2.0.0/16"] },
      stateDirectory: "/data/mesh",
      runDirectory: "/run/mesh",
      advertisedPrefixes: ["10.244.7.0/24", "2001:db8:7::/64", "8.0.0.0/7"],
      otherNetworks: ["192.168.0.0/16"],
      localNetworks: ["192.168.1.10/32"],
      answerOutside: false,
      strictIngress: "all",
      portMapping: false,
      portGuessing: false,
      matrix: false,
      pathMTU: false,
      registriesOutside: "off",
      routing: { table: 4294967295, priority: 1 },
      marks: { fromWireGuard: 0x100, toWireGuard: 0x80000000 },
      widestPrefix: { ipv4: 7, ipv6: 20 },
      members: { forgetAfterMinutes: 60, nodeDeletion: "believe" },
      node: { name: "node-7.example.org", machineType: "controlplane", apiServerPort: 6443 },
      stun: { host: "stun.example.org", port: 3478 },
      kubernetes: {
        kubeconfig: "/etc/mesh/kubeconfig",
        apiServers: [{ host: "192.0.2.7", port: 6443, tls: true }],
      },
      log: { level: "debug", format: "json" },
      services: [{ caFile: "/etc/mesh/ca.pem" }],
    });
  });

  test("the order of documents does not matter, nor do empty ones and comments", () => {
    const documents = `${talos}---\n${daemon}`.split("---\n");
    const reversed = `# a comment\n---\n---\n${documents.toReversed().join("---\n")}---\n# the end\n`;
    expect(parsed(reversed)).toEqual(parsed(documents.join("---\n")));
  });

  test("line ends of Windows, a byte order mark, anchors", () => {
    expect(parsed(`\uFEFF${talos.replaceAll("\n", "\r\n")}`)).toEqual(parsed(talos));
    const anchored = kubespan("filters: {endpoints: &nets [10.0.0.0/8], excludeAdvertisedNetworks: *nets}");
    expect(parsed(anchored).excludeAdvertisedNetworks).toEqual(["10.0.0.0/8"]);
  });

  test("several services, in clear only where http:// says so", () => {
    const text =
      identity + service("a", "https://a.example:8443") + service("b", "http://[2001:db8::1]:3000/");
    expect(parsed(text).services).toEqual([
      { name: "a", host: "a.example", port: 8443, tls: true },
      { name: "b", host: "2001:db8::1", port: 3000, tls: false },
    ]);
  });

  test.each([
    ["standard", "Zm9+/HkgdHdvIGFuZCB0aGVuIHNvbWUgbW9yZS4uIDE="],
    ["URL-safe", "Zm9-_HkgdHdvIGFuZCB0aGVuIHNvbWUgbW9yZS4uIDE="],
    ["unpadded", "Zm9-_HkgdHdvIGFuZCB0aGVuIHNvbWUgbW9yZS4uIDE"],
  ])("a secret in the %s alphabet is the same bytes", (_, text) => {
    const { cluster } = parsed(identity.replace(clusterSecret, text));
    expect(Buffer.from(cluster.secret.reveal())).toEqual(
      Buffer.from("Zm9+/HkgdHdvIGFuZCB0aGVuIHNvbWUgbW9yZS4uIDE=", "base64"),
    );
  });

  test("Kubernetes is registry enough; a path alone does not enable it", () => {
    expect(parsed(withKubernetes("{enabled: true}"))).toMatchObject({ kubernetes: {}, services: [] });
    expect(complaints(withKubernetes("{kubeconfig: /etc/kubeconfig}"))).toHaveLength(1);
    expect(complaints(withKubernetes("{enabled: true, kubeconfig: kubeconfig}"))).toHaveLength(1);
  });

  test("limits that are still allowed", () => {
    expect(parsed(kubespan("mtu: auto")).mtu).toBe("auto");
    expect(parsed(kubespan("mtu: 1280")).mtu).toBe(1280);
    expect(parsed(kubespan("mtu: 65455")).mtu).toBe(65455);
    const own = "---\napiVersion: v1alpha1\nkind: KubeSpanDaemonConfig\n";
    expect(parsed(`${identity}${own}routing: {table: 1, priority: 32765}`).routing).toEqual({
      table: 1,
      priority: 32765,
    });
    expect(parsed(`${identity}${own}interfaceName: abcdefghijklmno`).interfaceName).toHaveLength(15);
    const everything =
      "widestPrefix: {ipv4: 0, ipv6: 0}\nadvertisedPrefixes: [0.0.0.0/0, '::/0', 0.0.0.0/1, 128.0.0.0/1]";
    expect(parsed(`${identity}${own}${everything}`).advertisedPrefixes).toHaveLength(4);
  });

  test("extra endpoints of both families", () => {
    const text = `${identity}---\napiVersion: v1alpha1\nkind: KubeSpanEndpointsConfig\nextraAnnouncedEndpoints: ["[2001:DB8::1]:51820", 192.0.2.1:1]\n`;
    expect(parsed(text).extraAnnouncedEndpoints).toEqual(["[2001:db8::1]:51820", "192.0.2.1:1"]);
    const named = parsed(text.replace("192.0.2.1:1", "Home.example.org:51820"));
    expect(named.extraAnnouncedEndpoints).toEqual(["[2001:db8::1]:51820"]);
    expect(named.extraAnnouncedNames).toEqual([{ host: "home.example.org", port: 51_820 }]);
  });

  test("turned off explicitly, no service is needed", () => {
    expect(complaints(kubespan("enabled: false"))).toEqual([]);
  });
});
