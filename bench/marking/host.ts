import type { Lab } from "../../lab/index.ts";
import type { Namespace } from "../../lab/namespace.ts";
import type { Layout } from "./layouts.ts";
import type { Family } from "./peers.ts";

export type Path = "output" | "forward";

/** The result of one run of the sender, in nanoseconds per packet. */
export interface Sample {
  readonly sent: number;
  readonly failed: number;
  readonly chunks: readonly number[];
  readonly single: readonly number[];
}

const program = new URL("send.pl", import.meta.url).pathname;
/** The number of packets in a chunk, which takes so little of a time slice that most chunks are not interrupted. */
const packetsPerChunk = 50;

/** The bytes of an Ethernet frame of IPv4 around the payload of UDP, with its check sum. */
const headerBytes = 14 + 20 + 8 + 4;

/** These rules switch on connection tracking, as on any Kubernetes node, without a rule on the measured paths. */
const tracking = `
  table inet tracking {
    chain input { type filter hook input priority filter; ct state invalid drop; }
  }
`;

const hardwareAddress = async (namespace: Namespace, link: string): Promise<string> =>
  (await namespace.run("cat", `/sys/class/net/${link}/address`)).trim();

/**
 * A host that steers, and beside it a machine whose packets it forwards. Both of its ways out, `sink` and `kubespan`,
 * are ifb links, which throw away what they get: the cost is that of the decision, not of a network.
 *
 *   outside eth0 --- veth --- inside  host  sink (default route), kubespan (table 180)
 */
export class Host {
  readonly layout: Layout;
  readonly #host: Namespace;
  readonly #outside: Namespace;
  #sender: readonly string[] = [];

  private constructor(layout: Layout, host: Namespace, outside: Namespace) {
    this.layout = layout;
    this.#host = host;
    this.#outside = outside;
  }

  static async create(lab: Lab, layout: Layout, peers: number): Promise<Host> {
    const name = layout.name.replaceAll(/[ ,]+/g, "-");
    const [node, outside] = [await lab.node(name), await lab.node(`${name}-out`)];
    const host = new Host(layout, node.namespace, outside.namespace);
    await lab.connect(outside.namespace, "eth0", node.namespace, "inside");
    await host.#route();
    if (layout.tracksConnections !== false) await node.namespace.nft(tracking);
    await layout.install(node.namespace, peers);
    return host;
  }

  async #route(): Promise<void> {
    const host = this.#host;
    await host.sysctl(
      "net.ipv4.ip_forward=1",
      "net.ipv6.conf.all.forwarding=1",
      "net.ipv4.conf.all.rp_filter=0",
      "net.ipv4.conf.default.rp_filter=0",
    );
    for (const link of ["sink", "kubespan"]) {
      await host.run("ip", "link", "add", link, "type", "ifb");
      await host.run("ip", "link", "set", link, "txqueuelen", "0", "up");
      await host.run("tc", "qdisc", "replace", "dev", link, "root", "noqueue");
    }
    for (const [family, own, near] of [
      ["-4", "198.19.0.1/24", "198.18.0.1/24"],
      ["-6", "fd00::1/64", "fd01::1/64"],
    ] as const) {
      const flags = family === "-6" ? ["nodad"] : [];
      await host.run("ip", family, "address", "add", own, "dev", "sink", ...flags);
      await host.run("ip", family, "address", "add", near, "dev", "inside", ...flags);
      await host.run("ip", family, "route", "add", "default", "dev", "sink");
      await host.run("ip", family, "route", "add", "default", "dev", "kubespan", "table", "180");
    }
    const index = (await this.#outside.run("cat", "/sys/class/net/eth0/ifindex")).trim();
    this.#sender = [
      index,
      await hardwareAddress(host, "inside"),
      await hardwareAddress(this.#outside, "eth0"),
    ];
  }

  async send(
    path: Path,
    family: Family,
    targets: readonly string[],
    { milliseconds, frameBytes }: { readonly milliseconds: number; readonly frameBytes: number },
  ): Promise<Sample> {
    const from = path === "output" ? this.#host : this.#outside;
    await from.write("/run/targets", `${targets.join("\n")}\n`);
    const options = [String(family), String(packetsPerChunk), String(milliseconds), "/run/targets"];
    options.push(String(frameBytes - headerBytes));
    return JSON.parse(await from.run("perl", program, path, ...options, ...this.#sender)) as Sample;
  }

  /** The number of packets that a link was given. ifb counts the packets that it discards as received. */
  async received(link: "sink" | "kubespan"): Promise<number> {
    return Number(await this.#host.run("cat", `/sys/class/net/${link}/statistics/rx_packets`));
  }
}
