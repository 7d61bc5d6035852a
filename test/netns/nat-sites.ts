import type { ConfigOptions, Lab, LabNode, PublicNetwork, Translation } from "../../lab/index.ts";
import { Service } from "../../lab/service.ts";

/** The kinds of NATs before a node, by what they let in. */
export const kinds = ["none", "full cone", "restricted", "port-restricted", "symmetric"] as const;
export type Kind = (typeof kinds)[number];

/** A node, with the settings that differ from those of the others. */
export interface Site {
  readonly node: LabNode;
  readonly options?: Partial<ConfigOptions>;
}

/** The public addresses of routers that lead a port: miniupnpd refuses to map one of a network for documentation. */
const realNetwork = "11.0.0.0/24";

/** The settings of a node that the service carries packets for. */
const carried = { relay: { serve: false, service: true } };

const translationOf = (kind: Exclude<Kind, "none">, inside: string): Translation => {
  if (kind === "full cone") return { fullCone: inside };
  if (kind === "restricted") return { restricted: inside };
  return kind === "symmetric" ? "masquerade fully-random" : "masquerade";
};

/** Builds nodes at 203.0.113.LAST, or behind NATs that have that address. */
export class Sites {
  readonly #lab: Lab;
  readonly #internet: PublicNetwork;

  constructor(lab: Lab, internet: PublicNetwork) {
    this.#lab = lab;
    this.#internet = internet;
  }

  /** A node with a NAT of this kind before it. */
  async behind(name: string, kind: Kind, last: number): Promise<LabNode> {
    if (kind === "none") return this.#host(name, last);
    const router = await this.#router(`${name}-nat`, `203.0.113.${last}/24`);
    const node = await this.#inside(router, name, last, 1);
    await router.translate(translationOf(kind, `192.168.${last}.11`));
    return node;
  }

  /** A node behind a home router, which is behind a carrier's symmetric NAT. */
  async behindTwo(name: string, last: number): Promise<Site> {
    const carrier = await this.#router(`${name}-o`, `203.0.113.${last}/24`);
    const between = await this.#lab.network(`${name}-mid`);
    await carrier.attach(between, "100.64.0.1/24");
    await carrier.translate("masquerade fully-random");
    const home = await this.#lab.router(`${name}-i`);
    await home.attach(between, "100.64.0.2/24");
    await home.defaultRoute("100.64.0.1");
    const node = await this.#inside(home, name, last, 1);
    await home.translate();
    return { node };
  }

  /** A node from which no UDP gets out. */
  async withoutUdp(name: string, last: number): Promise<Site> {
    const node = await this.#host(name, last);
    await node.namespace.nft(`
      table inet cage {
        chain output {
          type filter hook output priority filter; policy accept;
          oifname "eth0" meta l4proto udp drop
        }
        chain input {
          type filter hook input priority filter; policy accept;
          iifname "eth0" meta l4proto udp drop
        }
      }
    `);
    return { node, options: { daemon: carried } };
  }

  /** A node that has no IPv4. */
  async ipv6Alone(name: string, last: number): Promise<Site> {
    const node = await this.#lab.node(name);
    await node.attach(this.#internet.network, `2001:db8::${last}/64`);
    await node.defaultRoute("2001:db8::ffff"); // to nobody
    return { node, options: { services: ["http://[2001:db8::9]:3000"], daemon: carried } };
  }

  /** A node that has IPv6, and IPv4 behind a symmetric NAT. */
  async bothFamilies(name: string, last: number): Promise<Site> {
    const node = await this.behind(name, "symmetric", last);
    await node.attach(this.#internet.network, `2001:db8::${last}/64`);
    return { node };
  }

  /** A node behind a symmetric NAT whose router leads a port to it when it is asked to, by PCP. */
  async withPortMapping(name: string, last: number): Promise<Site> {
    const router = await this.#router(`${name}-nat`, `11.0.0.${last}/24`);
    await router.run("ip", "route", "add", "203.0.113.0/24", "dev", "eth0");
    const node = await this.#inside(router, name, last, 1);
    await router.translate("masquerade fully-random");
    await router.namespace.nft(miniupnpd.table);
    await router.namespace.write("/run/miniupnpd.conf", miniupnpd.settings(`192.168.${last}.0/24`));
    const argv = ["/usr/sbin/miniupnpd", "-d", "-f", "/run/miniupnpd.conf", "-P", "/run/miniupnpd.pid"];
    await new Service(router.namespace, "miniupnpd", argv).start();
    return { node };
  }

  /**
   * Nodes behind one NAT at 203.0.113.LAST, each in a network of its own, and at a port of its own that is forwarded. The
   * router leads no packet from one of these networks into another, except that it sends back inside (hairpin) what the
   * first two send to each other's outer endpoints.
   */
  async behindOne(names: readonly [string, string, string], last: number): Promise<readonly Site[]> {
    const router = await this.#router(`${names[0]}-nat`, `203.0.113.${last}/24`);
    const places = names.map((name, index) => ({ name, third: last + index, port: 51_831 + index }));
    const sites: Site[] = [];
    for (const [index, { name, third, port }] of places.entries()) {
      const node = await this.#inside(router, name, third, index + 1);
      sites.push({ node, options: { daemon: { listenPort: port } } });
    }
    await router.namespace.sysctl("net.ipv4.ip_forward=1");
    const outer = `ip daddr 203.0.113.${last}`;
    const forwarded = places.map(
      ({ third, port }, index) =>
        `${index < 2 ? 'iifname != "eth3"' : 'iifname "eth0"'} ${outer} udp dport ${port} dnat to 192.168.${third}.11`,
    );
    await router.namespace.nft(`
      table inet filter {
        chain input {
          type filter hook input priority filter; policy drop;
          ct state established,related accept
        }
        chain forward {
          type filter hook forward priority filter; policy drop;
          oifname "eth0" accept
          ct state established,related accept
          ct status dnat accept
        }
      }
      table ip nat {
        chain prerouting {
          type nat hook prerouting priority dstnat;
          ${forwarded.join("\n")}
        }
        chain postrouting {
          type nat hook postrouting priority srcnat;
          oifname "eth0" masquerade
          ct status dnat iifname != "eth0" snat to 203.0.113.${last}
        }
      }
    `);
    return sites;
  }

  async #host(name: string, last: number): Promise<LabNode> {
    const node = await this.#internet.host(name, last);
    await node.run("ip", "route", "add", realNetwork, "dev", "eth0");
    return node;
  }

  async #router(name: string, address: string): Promise<Awaited<ReturnType<Lab["router"]>>> {
    const router = await this.#lab.router(name);
    await router.attach(this.#internet.network, address);
    if (!address.startsWith("11.")) await router.run("ip", "route", "add", realNetwork, "dev", "eth0");
    return router;
  }

  /** A node 192.168.THIRD.11 at the router's link of that number. */
  async #inside(router: LabNode, name: string, third: number, link: number): Promise<LabNode> {
    const network = await this.#lab.network(`${name}-in`);
    const attached = await router.attach(network, `192.168.${third}.1/24`);
    if (attached !== `eth${link}`) throw new Error(`${name} is at ${attached}`);
    const node = await this.#lab.node(name);
    await node.attach(network, `192.168.${third}.11/24`);
    await node.defaultRoute(`192.168.${third}.1`);
    return node;
  }
}

const miniupnpd = {
  table: `
    table inet miniupnpd {
      chain mapped {}
      chain forward { type filter hook forward priority filter - 1; jump mapped; }
      chain to_inside {}
      chain prerouting { type nat hook prerouting priority dstnat; jump to_inside; }
      chain to_outside {}
      chain postrouting { type nat hook postrouting priority srcnat - 1; jump to_outside; }
    }
  `,
  settings: (inside: string): string =>
    [
      "ext_ifname=eth0",
      "listening_ip=eth1",
      "enable_natpmp=yes",
      "enable_upnp=no",
      "secure_mode=yes",
      "upnp_table_name=miniupnpd",
      "upnp_nat_table_name=miniupnpd",
      "upnp_forward_chain=mapped",
      "upnp_nat_chain=to_inside",
      "upnp_nat_postrouting_chain=to_outside",
      `allow 1024-65535 ${inside} 1024-65535`,
      "deny 0-65535 0.0.0.0/0 0-65535",
      "",
    ].join("\n"),
} as const;
