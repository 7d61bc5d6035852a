import type { Endpoint } from "../src/net/index.ts";
import { nextEndpoint, peerState, referenceTimings } from "../src/peers/index.ts";
import type { Device, Surroundings } from "./device.ts";
import type { SimNode } from "./mesh-node.ts";

/** The interval at which the reference polls its peers, in milliseconds. */
const tick = 30_000;
const keepalive = 25;

interface Known {
  announced: readonly Endpoint[];
  last?: { readonly endpoint: Endpoint; readonly since: number };
}

/**
 * A node that connects as the reference does: the first endpoint at once, every half minute the next one of a peer that
 * is down, in the order in which they are announced. WireGuard itself repeats its initiations, as there is traffic.
 */
export class ReferenceNode implements SimNode {
  readonly #device: Device;
  readonly #around: Surroundings;
  readonly #known = new Map<number, Known>();

  constructor(device: Device, around: Surroundings) {
    this.#device = device;
    this.#around = around;
    around.clock.after(around.random() * tick, () => this.#tick());
  }

  learn(index: number, announced: readonly Endpoint[]): void {
    const known = this.#known.get(index) ?? { announced };
    known.announced = announced;
    this.#known.set(index, known);
    this.#consider(index, known);
  }

  #tick(): void {
    for (const [index, known] of this.#known) this.#consider(index, known);
    this.#around.clock.after(tick, () => this.#tick());
  }

  #consider(index: number, known: Known): void {
    const { now } = this.#around.clock;
    const observed = this.#device.peers.get(this.#around.devices[index]?.publicKey ?? "");
    const times = { endpointSetAt: known.last?.since, handshakeAt: observed?.handshakeAt };
    const state = peerState(times, now, referenceTimings);
    if (state === "up" || (known.last && state !== "down")) return;
    const endpoint = nextEndpoint(known.announced, known.last?.endpoint);
    if (endpoint === undefined || endpoint === known.last?.endpoint) return;
    known.last = { endpoint, since: now };
    this.#device.set(index, { endpoint, keepalive });
  }
}
