import { type Endpoint, endpointAddress } from "../src/net/index.ts";
import type { Clock } from "./clock.ts";
import { pick, type Random } from "./random.ts";

/**
 * What stands before a site. All but `symmetric` map a host to one port for all destinations; what they let in:
 * - `full cone`: everything
 * - `restricted`: what comes from an address that the host sent to
 * - `port-restricted`: what comes from an address and port that it sent to
 * - `symmetric`: the same, and another port for each destination
 */
export type NatKind = "none" | "full cone" | "restricted" | "port-restricted" | "symmetric";

export interface Host {
  readonly index: number;
  readonly site: number;
  readonly nat: NatKind;
  /** In its site; behind `none`, its only one. */
  readonly inside: Endpoint;
  /** The public address of the site with the listen port, which another host of the site may have. */
  readonly outside: Endpoint;
  /** Whether its NAT keeps its port. */
  readonly keepsPort: boolean;
  /** The distance from a corner of the world in milliseconds. */
  readonly east: number;
  readonly north: number;
}

interface Mapping {
  readonly host: Host;
  readonly external: Endpoint;
  /** The destinations of the host (addresses or endpoints, as the NAT has them), each with the time of the last packet. */
  readonly sent: Map<string, number>;
}

/** The time that a NAT remembers a flow, in milliseconds: the value of Linux for a flow that was answered. */
const mappingLifetime = 120_000;

/** Carries packets between hosts, late or never, through their NATs. */
export class Internet {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #loss: number;
  readonly #hosts = new Map<Endpoint, Host>();
  /** The mapped ports by host, and for symmetric NATs by host and destination. */
  readonly #mappings = new Map<string, Mapping>();
  readonly #external = new Map<Endpoint, Mapping>();

  constructor(
    hosts: readonly Host[],
    { clock, random, loss }: { clock: Clock; random: Random; loss: number },
  ) {
    this.#clock = clock;
    this.#random = random;
    this.#loss = loss;
    for (const host of hosts) this.#hosts.set(host.inside, host);
  }

  /** `arrive` is told who gets it, and from where it seems to come. */
  send(from: Host, to: Endpoint, arrive: (at: Host, source: Endpoint) => void): void {
    const neighbour = this.#hosts.get(to);
    if (neighbour && neighbour.site === from.site) {
      this.#clock.after(0.3, () => arrive(neighbour, from.inside));
      return;
    }
    const source = this.#leave(from, to);
    const target = neighbour?.nat === "none" ? neighbour : this.#external.get(to)?.host;
    if (!target || this.#random() < this.#loss) return;
    this.#clock.after(this.#delay(from, target), () => {
      const host = neighbour ?? this.#enter(to, source);
      if (host) arrive(host, source);
    });
  }

  #delay(from: Host, to: Host): number {
    const distance = Math.hypot(from.east - to.east, from.north - to.north);
    return 1 + distance + this.#random() * (1 + distance / 10);
  }

  #leave(from: Host, to: Endpoint): Endpoint {
    if (from.nat === "none") return from.inside;
    const mapping = this.#mapping(from, to);
    mapping.sent.set(from.nat === "restricted" ? endpointAddress(to) : to, this.#clock.now);
    return mapping.external;
  }

  #mapping(from: Host, to: Endpoint): Mapping {
    const key = from.nat === "symmetric" ? `${from.index} ${to}` : `${from.index}`;
    const known = this.#mappings.get(key);
    if (known) return known;
    const mapping = { host: from, external: this.#port(from), sent: new Map<string, number>() };
    this.#mappings.set(key, mapping);
    this.#external.set(mapping.external, mapping);
    return mapping;
  }

  #port(from: Host): Endpoint {
    if (from.keepsPort && from.nat !== "symmetric") return from.outside;
    for (;;) {
      const port = 1024 + pick(this.#random, 50_000);
      const external = `${endpointAddress(from.outside)}:${port}` as Endpoint;
      if (!this.#external.has(external) && external !== from.outside) return external;
    }
  }

  #enter(to: Endpoint, source: Endpoint): Host | undefined {
    const mapping = this.#external.get(to);
    if (!mapping || mapping.host.nat === "full cone") return mapping?.host;
    const sentAt = mapping.sent.get(mapping.host.nat === "restricted" ? endpointAddress(source) : source);
    const isOpen = sentAt !== undefined && this.#clock.now - sentAt < mappingLifetime;
    return isOpen ? mapping.host : undefined;
  }
}

/** Whether a host that was dialled from behind any NAT that keeps one port sees which one that is. */
export const canObserve = (by: Host, host: Host): boolean =>
  by.site !== host.site && by.keepsPort && by.nat !== "symmetric" && by.nat !== "port-restricted";

/** Whether two hosts can connect directly (see docs/nat.md); `isObserved`: somebody can tell the others of its port. */
export function canConnect(left: Host, right: Host, isObserved: (host: Host) => boolean): boolean {
  const isKnown = (host: Host): boolean =>
    host.keepsPort || host.nat === "none" || (host.nat !== "symmetric" && isObserved(host));
  const lets = (to: Host, from: Host): boolean =>
    isKnown(to) && (to.nat !== "port-restricted" || (isKnown(from) && from.nat !== "symmetric"));
  const isLetIn = (to: Host, from: Host): boolean => to.nat !== "symmetric" && lets(to, from);
  return left.site === right.site || isLetIn(left, right) || isLetIn(right, left);
}
