import { type Address, familyOf } from "../../src/net/index.ts";
import { fail } from "./failure.ts";
import { type Route, Routing } from "./routing.ts";
import { Settings } from "./settings.ts";

export interface LinkAddress {
  readonly address: Address;
  readonly bits: number;
  readonly scope: string;
}

/** A program at a link's egress or ingress, as `tc filter` puts it there. */
export interface Filter {
  readonly way: "egress" | "ingress";
  readonly preference: number;
  readonly handle: number;
  /** The instructions, as tc takes and shows them. */
  readonly program: string;
}

export interface Link {
  readonly index: number;
  readonly name: string;
  /** The kind of link: `wireguard`, `tun`, `veth`...; absent for hardware and the loopback link. */
  readonly kind?: string;
  hardwareAddress?: string;
  /** The other end of a `veth`. */
  readonly peer?: string;
  mtu: number;
  isUp: boolean;
  /** The addresses, IPv4 before IPv6, narrow scopes before wide ones; then IPv4 as it was added, and IPv6 the newest first. */
  addresses: LinkAddress[];
  /** Whether the link has the `clsact` qdisc, so that filters can be put there. */
  hasQdisc: boolean;
  filters: Filter[];
}

const mtuOf: Readonly<Record<string, number>> = { wireguard: 1420, tun: 1420 };
const withoutHardware = ["wireguard", "tun"];

/** The links of a host, their addresses and what hangs on them: routes and settings that come and go with a link. */
export class Links {
  readonly all = new Map<string, Link>();
  readonly routing = new Routing();
  readonly settings = new Settings();
  #made = 0;

  constructor() {
    const loopback = this.#make("lo", { mtu: 65_536 });
    loopback.isUp = true;
    loopback.addresses = [
      { address: "127.0.0.1" as Address, bits: 8, scope: "host" },
      { address: "::1" as Address, bits: 128, scope: "host" },
    ];
  }

  /** Adds hardware, which is a link that no tool has made. */
  plug(name: string): Link {
    return this.#make(name, { mtu: 1500, hardwareAddress: hardwareAddressOf(this.#made + 1) });
  }

  /** Adds a link, as `ip link add` and the process of a tun link do. */
  add(name: string, kind: string, peer?: string): void {
    for (const each of [name, ...(peer === undefined ? [] : [peer])])
      if (this.all.has(each)) fail("RTNETLINK answers: File exists");
    const one = (own: string, other?: string): void => {
      const hardware = withoutHardware.includes(kind)
        ? {}
        : { hardwareAddress: hardwareAddressOf(this.#made + 1) };
      const end = other === undefined ? {} : { peer: other };
      this.#make(own, { kind, mtu: mtuOf[kind] ?? 1500, ...hardware, ...end });
    };
    if (peer !== undefined) one(peer, name);
    one(name, peer);
  }

  #make(name: string, more: Pick<Link, "mtu"> & Partial<Link>): Link {
    const index = ++this.#made;
    const link: Link = { index, name, isUp: false, addresses: [], hasQdisc: false, filters: [], ...more };
    this.all.set(name, link);
    this.settings.linkAdded(name);
    return link;
  }

  get(name: string): Link {
    return this.all.get(name) ?? fail(`Cannot find device "${name}"`);
  }

  remove(name: string): void {
    const link = this.get(name);
    this.#empty(link);
    this.all.delete(name);
    this.settings.linkRemoved(name);
    if (link.peer !== undefined && this.all.has(link.peer)) this.remove(link.peer);
  }

  #empty(link: Link): void {
    this.routing.linkIsGone(link.name);
    for (const each of link.addresses) this.removeAddress(link, each.address, each.bits);
  }

  /** Brings a link up, or down: then it loses its routes and its IPv6 addresses. */
  setUp(link: Link, isUp: boolean): void {
    if (link.isUp && !isUp) {
      this.routing.linkIsDown(link.name);
      for (const each of link.addresses.filter(({ address }) => familyOf(address) === 6))
        this.removeAddress(link, each.address, each.bits);
    }
    if (!link.isUp && isUp)
      for (const { address } of link.addresses)
        if (familyOf(address) === 4) this.routing.addLocal(address, link.name);
    link.isUp = isUp;
  }

  addAddress(link: Link, added: LinkAddress): void {
    const family = familyOf(added.address);
    const isSame = ({ address, bits }: LinkAddress): boolean =>
      address === added.address && (family === 6 || bits === added.bits);
    if (link.addresses.some(isSame))
      fail(
        family === 4 ? "Error: ipv4: Address already assigned." : "Error: ipv6: address already assigned.",
      );
    if (family === 6 && this.settings.get(`net/ipv6/conf/${link.name}/disable_ipv6`) === "1")
      fail("Error: ipv6: IPv6 is disabled on this device.");
    const own = link.addresses.filter(({ address }) => familyOf(address) === family);
    const others = link.addresses.filter(({ address }) => familyOf(address) !== family);
    const all = family === 4 ? [...own, added] : [added, ...own];
    all.sort((left, right) => scopeNumber(right) - scopeNumber(left));
    link.addresses = family === 4 ? [...all, ...others] : [...others, ...all];
    if (family === 4 && link.isUp) this.routing.addLocal(added.address, link.name);
  }

  /** Removes an address. With the last IPv4 address of a link go its IPv4 routes, whatever their source is. */
  removeAddress(link: Link, address: Address, bits: number): void {
    const kept = link.addresses.filter((each) => each.address !== address || each.bits !== bits);
    if (kept.length === link.addresses.length)
      fail(familyOf(address) === 4 ? "Error: ipv4: Address not found." : "Error: ipv6: address not found.");
    link.addresses = kept;
    this.routing.removeLocal(address, link.name);
    if (familyOf(address) === 6) this.routing.sourceIsGone(address, link.name);
    else if (!kept.some((each) => familyOf(each.address) === 4)) this.routing.linkIsGone(link.name, 4);
  }

  isOwn(address: Address): boolean {
    return [...this.all.values()].some((link) => link.addresses.some((each) => each.address === address));
  }

  /** Adds or replaces a route, which has to lead through a link that is up and to have a source that is there. */
  addRoute(route: Route, isReplaced: boolean): void {
    const link = route.device === undefined ? undefined : this.get(route.device);
    if (link && !link.isUp) fail("Error: Device for nexthop is not up.");
    const { source, family } = route;
    const isThere = (each: Link): boolean => each.addresses.some(({ address }) => address === source);
    if (source !== undefined && !(family === 6 && link ? isThere(link) : this.isOwn(source)))
      fail(family === 4 ? "Error: Invalid prefsrc address." : "Error: Invalid source address.");
    this.routing.add(route, isReplaced);
  }
}

const hardwareAddressOf = (index: number): string => `02:00:00:00:00:${index.toString(16).padStart(2, "0")}`;

/** The number of an address's scope. A link-local address of IPv6 comes after the others. */
const scopeNumber = ({ address, scope }: LinkAddress): number =>
  ({ host: 254, link: familyOf(address) === 4 ? 253 : -1 })[scope] ?? 0;
