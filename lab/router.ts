import { LabNode } from "./node.ts";

export type Translation =
  /** This NAT keeps the port if it is free, as home routers do. */
  | "masquerade"
  /** This NAT takes a new port for each destination, so it is symmetric. */
  | "masquerade fully-random"
  /** This NAT keeps WireGuard's port of an inside address, and lets in everything that is sent to it. */
  | { readonly fullCone: string }
  /**
   * This NAT keeps the port like a full cone, and lets in only addresses to which the inside address has sent in the
   * last two minutes.
   */
  | { readonly restricted: string };

function rulesOf(translation: Translation): string {
  const masquerade = typeof translation === "string" ? translation : "masquerade";
  const out = `chain postrouting {
    type nat hook postrouting priority srcnat;
    oifname "eth0" ${masquerade}
  }`;
  if (typeof translation === "string") return out;
  const isRestricted = "restricted" in translation;
  const inside = isRestricted ? translation.restricted : translation.fullCone;
  return `
    set contacted {
      type ipv4_addr
      flags dynamic, timeout
      timeout 2m
    }
    chain noting {
      type filter hook forward priority -1;
      oifname "eth0" udp sport 51820 update @contacted { ip daddr }
    }
    chain prerouting {
      type nat hook prerouting priority dstnat;
      iifname "eth0" udp dport 51820 ${isRestricted ? "ip saddr @contacted " : ""}dnat to ${inside}:51820
    }
    ${out}`;
}

/**
 * These rules let in nothing that no inside host asked for. The input policy matters: an early packet from outside that
 * the router itself accepted would claim the mapping that the first packet from inside needs.
 */
const filter = `
  add table inet filter
  delete table inet filter
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
      ct status dnat accept
    }
  }
`;

/** A router that joins an inside network (eth1) to an outside one (eth0). */
export class Router extends LabNode {
  /** Forwards packets from inside, and the answers, without translating addresses, as home routers do with IPv6. */
  async protect(): Promise<void> {
    await this.namespace.sysctl("net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1");
    await this.namespace.nft(filter);
  }

  /**
   * Forwards like `protect`, but with the router's own IPv4 address in place of inside addresses. A router that translates
   * already does it so from then on; connections that it knows stay as they are.
   */
  async translate(translation: Translation = "masquerade"): Promise<void> {
    await this.protect();
    await this.namespace.nft(`
      add table ip nat
      delete table ip nat
      table ip nat {
        ${rulesOf(translation)}
      }
    `);
  }
}
