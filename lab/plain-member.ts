import { randomBytes } from "node:crypto";
import { privateKeyFrom, publicKeyOf } from "../src/identity/index.ts";
import { type Address, endpointOf, type Prefix } from "../src/net/index.ts";
import type { Cluster } from "./config.ts";
import { HostileMember } from "./hostile-member.ts";
import type { LabNode } from "./node.ts";
import { Service } from "./service.ts";
import { waitFor } from "./wait.ts";

const link = "wg0";
const port = 51_820;

interface Peer {
  readonly publicKey: string;
  readonly endpoint: string;
  /** The preshared key, if it is another one than the cluster's secret. */
  readonly presharedKey?: string;
}

/**
 * A member as Talos nodes are, and nodes with kubespan of 22 November 2026: what it announces bears no number and no field
 * that only kubespan knows, and says of its additional addresses not what they are. WireGuard is set up by hand, with one
 * peer.
 */
export class PlainMember {
  readonly #node: LabNode;
  readonly #url: string;
  readonly #key = privateKeyFrom(randomBytes(32));

  constructor(node: LabNode, url: string) {
    this.#node = node;
    this.#url = url;
  }

  /**
   * Sends to a place where nobody is, as a Talos node does when one of its links changes: it writes an endpoint that it
   * has stored.
   */
  goBackTo(peer: Peer): Promise<string> {
    return this.#node.run("wg", "set", link, "peer", peer.publicKey, "endpoint", peer.endpoint);
  }

  /** The endpoint to which it sends. */
  async endpoint(): Promise<string | undefined> {
    return (await this.#node.run("wg", "show", link, "endpoints")).trim().split("\t")[1];
  }

  /** What it sends with one of the sources goes through the tunnel, everything else does not. */
  async join(
    cluster: Cluster,
    { addresses, networks }: { addresses: readonly Address[]; networks: readonly Prefix[] },
    peer: Peer,
    throughTunnel: readonly Address[],
  ): Promise<void> {
    const node = this.#node;
    await node.namespace.write("/run/wg-key", this.#key.revealBase64());
    await node.namespace.write("/run/wg-preshared", peer.presharedKey ?? cluster.secret);
    // By the kernel where it has WireGuard, as in the emulated machine, which has no wireguard-go.
    await node
      .run("ip", "link", "add", link, "type", "wireguard")
      .catch(() => new Service(node.namespace, "wireguard", ["wireguard-go", "-f", link]).start());
    const key = ["private-key", "/run/wg-key", "listen-port", String(port), "fwmark", "0x20"];
    const tunnel = [
      "endpoint",
      peer.endpoint,
      "persistent-keepalive",
      "5",
      "preshared-key",
      "/run/wg-preshared",
    ];
    const all = ["allowed-ips", "0.0.0.0/0,::/0"];
    await waitFor(() => node.run("wg", "set", link, ...key, "peer", peer.publicKey, ...tunnel, ...all), {
      what: "the device",
    });
    await node.run("ip", "link", "set", link, "up", "mtu", "1420");
    for (const family of ["-4", "-6"])
      await node.run("ip", family, "route", "add", "default", "dev", link, "table", "77");
    await node.namespace.sysctl("net.ipv4.conf.all.rp_filter=0", `net.ipv4.conf.${link}.rp_filter=0`);
    for (const source of throughTunnel) {
      const isIPv6 = source.includes(":");
      await node.run("ip", "address", "add", `${source}/${isIPv6 ? 128 : 32}`, "dev", "lo");
      await node.run("ip", isIPv6 ? "-6" : "-4", "rule", "add", "from", source, "lookup", "77");
    }
    const endpoints = addresses.flatMap((address) => endpointOf(address, port) ?? []);
    await new HostileMember(node, this.#url, node.name).announce(cluster, {
      name: node.name,
      addresses,
      networks,
      operatingSystem: "Talos (v1.13.0)",
      publicKey: publicKeyOf(this.#key),
      endpoints,
    });
  }
}
