import { LabNode } from "./node.ts";

type Translation =
  /** Keeps the port where it is free, as home routers do. */
  | "masquerade"
  /** A new port for each destination: a symmetric NAT. */
  | "masquerade fully-random";

/** Joins an inside network (eth1) to an outside one (eth0). */
export class Router extends LabNode {
  /**
   * Forwards and translates what comes from inside, and lets nothing in that nobody asked for. The input policy
   * matters: an early packet from outside that the router itself took would claim the mapping.
   */
  async translate(translation: Translation = "masquerade"): Promise<void> {
    await this.namespace.sysctl("net.ipv4.ip_forward=1");
    await this.namespace.nft(`
      table ip nat {
        chain postrouting {
          type nat hook postrouting priority srcnat;
          oifname "eth0" ${translation}
        }
      }
      table inet filter {
        chain input {
          type filter hook input priority filter; policy drop;
          iifname { "lo", "eth1" } accept
          ct state established,related accept
        }
        chain forward {
          type filter hook forward priority filter; policy drop;
          iifname "eth1" accept
          ct state established,related accept
        }
      }
    `);
  }
}
