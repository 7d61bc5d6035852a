import { KubespanError } from "../../../src/base/error.ts";
import { parseConfig } from "../../../src/config/index.ts";

export const clusterID = "8XuV9TZHW08DOk3bVxQjH9ih_TBKjnh-j44tsCLSBzo=";
export const clusterSecret = "Zm9ydHkgdHdvIGFuZCB0aGVuIHNvbWUgbW9yZS4uIDE=";

export const identity = `\
apiVersion: v1alpha1
kind: DiscoveryIdentityConfig
clusterID: ${clusterID}
clusterSecret: ${clusterSecret}
`;

/** As a Talos user would paste them. */
export const talos = `\
apiVersion: v1alpha1
kind: KubeSpanConfig
enabled: true
advertiseKubernetesNetworks: false
allowDownPeerBypass: false
harvestExtraEndpoints: false
mtu: 1420
filters:
  endpoints: ["0.0.0.0/0", "!192.168.0.0/16", "::/0"]   # '!' excludes
  excludeAdvertisedNetworks: ["192.168.1.0/24"]
---
apiVersion: v1alpha1
kind: KubeSpanEndpointsConfig
extraAnnouncedEndpoints: ["192.168.13.46:52000"]
---
${identity}---
apiVersion: v1alpha1
kind: DiscoveryServiceConfig        # may stand several times, each with its own name
name: primary
endpoint: https://discovery.example.org/
`;

/** The machine configuration that releases before 1.13 have, with what concerns other programs beside. */
export const machine = `\
version: v1alpha1
debug: false
machine:
  type: controlplane
  token: abcdef.0123456789abcdef
  ca: {crt: LS0t, key: LS0t}
  install: {disk: /dev/sda}
  network:
    hostname: one
    interfaces: [{interface: eth0, dhcp: true}]
    kubespan:
      enabled: true
      advertiseKubernetesNetworks: false
      allowDownPeerBypass: true
      harvestExtraEndpoints: false
      mtu: 1400
      filters:
        endpoints: [0.0.0.0/0, "!192.168.0.0/16", "::/0"]
cluster:
  id: ${clusterID}
  secret: ${clusterSecret}
  controlPlane: {endpoint: "https://192.0.2.1:6443"}
  discovery:
    enabled: true
    registries:
      kubernetes: {disabled: true}
      service: {endpoint: "https://discovery.example.org/"}
`;

/** Every field of our own document, each with a value other than its default. */
export const daemon = `\
apiVersion: v1alpha1
kind: KubeSpanDaemonConfig
interfaceName: mesh-0
listenPort: 51999
wireguard: userspace
connect: serial
dial: {pin: [10.0.0.0/8], prefer: [10.1.0.0/16, "2001:db8::/32"], forbid: [10.2.0.0/16]}
stateDirectory: /data/mesh
runDirectory: /run/mesh
advertisedPrefixes: [10.244.7.9/24, "2001:db8:7::/64", 9.0.0.0/7]
nonPodNetworks: [192.168.0.0/16]
localNetworks: [192.168.1.10/32]
answerOutside: false
strictIngress: all
portMapping: false
portGuessing: false
matrix: false
pathMTU: false
registriesOutside: off
routing: {table: 4294967295, priority: 1}
marks: {fromWireGuard: 0x100, toWireGuard: "0x80000000"}
widestPrefix: {ipv4: 7, ipv6: 20}
members: {forgetAfterMinutes: 60, nodeDeletion: believe}
node: {name: node-7.example.org, machineType: controlplane, apiServerPort: 6443}
stunServer: STUN.example.org
kubernetes: {enabled: true, kubeconfig: /etc/mesh/kubeconfig, apiServers: ["https://192.0.2.7:6443"]}
log: {level: debug, format: json}
serviceCAFiles: {primary: /etc/mesh/ca.pem}
`;

/** What parsing complains of, line by line, without the file's name; empty when it is right. */
export function complaints(text: string): string[] {
  try {
    parseConfig(text, "FILE");
    return [];
  } catch (error) {
    if (!(error instanceof KubespanError) || error.code !== "config") throw error;
    const [, ...lines] = error.message.split("\n");
    return lines.map((line) => line.replace(/^FILE:/, ""));
  }
}
