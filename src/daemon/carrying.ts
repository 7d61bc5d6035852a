import type { Logger } from "pino";
import { errorText, onceFor } from "../base/index.ts";
import type { Config } from "../config/index.ts";
import type { Decision } from "../mesh/index.ts";
import { type Address, type Endpoint, endpointAddress, endpointOf, endpointPort } from "../net/index.ts";
import { isInVain, type PeerSpec, type StandIn, type StandIns } from "../peers/index.ts";
import { Doors } from "../stream/effects/index.ts";
import type { Carriage } from "../stream/index.ts";
import type { ObservedDevice } from "../wireguard/index.ts";

interface Parts {
  readonly config: Pick<Config, "listenPort" | "relay">;
  readonly registries: { readonly carriage: Carriage };
  readonly log: Logger;
}

const loopback = "127.0.0.1" as Address;

/**
 * The last resort: peers that are reached by way of a discovery service. A door on loopback stands for each, and is
 * opened when nothing else has answered, or when the peer has sent something that way.
 */
export class Carrying {
  readonly #parts: Parts;
  readonly #onChange: () => void;
  #doors: Doors | undefined;
  #members: ReadonlyMap<string, string> = new Map();
  #standIns: StandIns | undefined;

  /** `onChange` is called when `standIns` has changed. */
  constructor(parts: Parts, onChange: () => void) {
    this.#parts = parts;
    this.#onChange = onChange;
  }

  /** The doors, as what stands in for direct paths; `undefined` while there are none. */
  get standIns(): StandIns | undefined {
    return this.#standIns;
  }

  open(): void {
    const { config, registries, log } = this.#parts;
    const { carriage } = registries;
    if (this.#doors || !config.relay.service) return;
    this.#doors = new Doors({
      listenPort: config.listenPort,
      send: (packet) => carriage.send(packet, performance.now()),
      onChange: () => this.#changed(),
      onFailure: (error) => log.warn(`no socket for a peer without UDP: ${errorText(error)}`),
    });
    carriage.listen({
      onLines: () => this.#changed(),
      onPacket: (packet, line) => {
        if (!this.#members.has(packet.peer)) return;
        const before = carriage.serviceFor(packet.peer);
        carriage.heard(packet, line, performance.now());
        this.#doors?.deliver(packet);
        if (before !== carriage.serviceFor(packet.peer)) this.#changed();
      },
    });
  }

  /** Opens doors for peers that have no other way, after a poll, and closes those that nobody needs. */
  polled(
    peers: readonly PeerSpec[],
    { memory }: Decision["polled"],
    device: ObservedDevice | undefined,
  ): void {
    const doors = this.#doors;
    if (!doors) return;
    const { keys, ids } = membersAmong(peers);
    this.#members = keys;
    const hasLines = this.#parts.registries.carriage.services.length > 0;
    const needed = new Set<string>();
    for (const { nodeId, publicKey } of peers) {
      const endpoint = device?.peers.get(publicKey)?.endpoint;
      // A door of the daemon that ran before: the session goes on if there is one at the same port again.
      const port = endpoint === undefined ? undefined : portOfDoor(endpoint);
      if (port === undefined && !(hasLines && isInVain(memory.connections.get(publicKey)))) continue;
      needed.add(nodeId);
      doors.open(nodeId, port);
    }
    this.#parts.registries.carriage.keepOnly(ids);
    doors.keepOnly(ids, needed);
  }

  close(): void {
    this.#parts.registries.carriage.listen(undefined);
    this.#doors?.close();
    this.#doors = this.#standIns = undefined;
  }

  #changed(): void {
    this.#standIns = this.#standInsNow();
    this.#onChange();
  }

  #standInsNow(): StandIns | undefined {
    const { carriage } = this.#parts.registries;
    const all = new Map<Endpoint, StandIn>();
    const ofPeers = new Map<string, readonly StandIn[]>();
    for (const [nodeId, port] of this.#doors?.ports ?? []) {
      const publicKey = this.#members.get(nodeId);
      const endpoint = endpointOf(loopback, port);
      if (publicKey === undefined || endpoint === undefined) continue;
      const service = carriage.serviceFor(nodeId);
      const standIn: StandIn = { kind: "carried", endpoint, via: service ?? "a discovery service" };
      all.set(standIn.endpoint, standIn);
      if (service !== undefined) ofPeers.set(publicKey, [standIn]);
    }
    return all.size === 0 ? undefined : { all, of: (publicKey) => ofPeers.get(publicKey) ?? [] };
  }
}

/** The public keys of peers by node id, and the node ids. */
const membersAmong = onceFor((peers: readonly PeerSpec[]) => ({
  keys: new Map(peers.map(({ nodeId, publicKey }) => [nodeId, publicKey])),
  ids: new Set(peers.map(({ nodeId }) => nodeId)),
}));

const portOfDoor = (endpoint: Endpoint): number | undefined =>
  endpointAddress(endpoint) === loopback ? endpointPort(endpoint) : undefined;
