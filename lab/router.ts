import { LabNode } from "./node.ts";

type Translation =
  /** Keeps the port where it is free, as home routers do. */
  | "masquerade"
  /** A new port for each destination: a symmetric NAT. */
  | "masquerade fully-random";

/**
 * Lets nothing in that nobody inside asked for. The input policy matters: an early packet from outside that the router
 * itself took would claim the mapping that the first one from inside needs.
 */
const filter = `
  table inet filter {
    chain input {
      type filter hook input priority filter; policy drop;
      iifname { "lo", "eth1" } accept
      ct state established,related accept
      meta l4proto 58 accept comment "ICMPv6, for neighbours: by number, as a small system has no /etc/protocols"
    }
    chain forward {
      type filter hook forward priority filter; policy drop;
      iifname "eth1" accept
      ct state established,related accept
    }
  }
`;

/** Joins an inside network (eth1) to an outside one (eth0). */
export class Router extends LabNode {
  /** Forwards, without translating addresses, what comes from inside, and the answers: as home routers do with IPv6. */
  async protect(): Promise<void> {
    await this.namespace.sysctl("net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1");
    await this.namespace.nft(filter);
  }

  /** Like `protect`, with the router's own address instead of those inside, for IPv4. */
  async translate(translation: Translation = "masquerade"): Promise<void> {
    await this.protect();
    await this.namespace.nft(`
      table ip nat {
        chain postrouting {
          type nat hook postrouting priority srcnat;
          oifname "eth0" ${translation}
        }
      }
    `);
  }
}
