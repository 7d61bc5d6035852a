import { Capture } from "./capture.ts";
import type { Network } from "./network.ts";
import { Space } from "./space.ts";

export interface Attachment {
  /** Way to everything else. */
  readonly gateway?: string;
  readonly link?: string;
}

/** A space with addresses: a host, a router, a node of the mesh. */
export class Machine {
  readonly space: Space;
  #links = 0;

  constructor(space: Space) {
    this.space = space;
  }

  get name(): string {
    return this.space.name;
  }

  /** What it printed; throws when it fails. */
  run(...words: Parameters<Space["run"]>): Promise<string> {
    return this.space.run(...words);
  }

  /** A link (`eth0`, `eth1`, ...) to a network, with an address such as `192.0.2.1/24`; gives the link's name. */
  async attach(network: Network, address: string, { gateway, link }: Attachment = {}): Promise<string> {
    const name = link ?? `eth${this.#links++}`;
    await network.plug(this.space, name);
    await this.address(name, address);
    if (gateway !== undefined) await this.run("ip", "route", "add", "default", "via", gateway);
    return name;
  }

  /** Without waiting for duplicate address detection: nobody else is there. */
  async address(link: string, address: string): Promise<void> {
    const nodad = address.includes(":") ? ["nodad"] : [];
    await this.run("ip", "address", "add", address, "dev", link, ...nodad);
  }

  async forward(): Promise<void> {
    await this.run("sysctl", "-q", "-w", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1");
  }

  capture(link: string): Promise<Capture> {
    return Capture.start(this.space, link);
  }
}

/**
 * What a router does with connections from the inside to the outside.
 * - `keep`: masquerades them and keeps their ports where it can, like most home routers
 * - `random`: masquerades them, each with a port of its own: a symmetric NAT
 * - `none`: passes everything on, in both directions
 */
export type Translation = "keep" | "random" | "none";

/**
 * From outside only answers come in. What is for the router itself is dropped: without that, a packet that arrives
 * before the first one in the other direction would occupy the mapping that this one needs.
 */
const rules = (outside: string, translation: "keep" | "random"): string => `table inet router {
  chain input { type filter hook input priority 0; policy drop
    iifname != "${outside}" accept
    ct state established,related accept
    meta l4proto ipv6-icmp accept }
  chain forward { type filter hook forward priority 0; policy drop
    iifname != "${outside}" accept
    ct state established,related accept }
  chain postrouting { type nat hook postrouting priority 100
    oifname "${outside}" masquerade${translation === "random" ? " fully-random" : ""} }
}
`;

export async function makeRouter(machine: Machine, outside: string, translation: Translation): Promise<void> {
  await machine.forward();
  if (translation === "none") return;
  await machine.space.writeFile("/run/router.nft", rules(outside, translation));
  await machine.run("nft", "-f", "/run/router.nft");
}
