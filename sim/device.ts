import { WireGuardDevice, WireGuardPeer } from "../lab/kernel/index.ts";
import type { Endpoint } from "../src/net/index.ts";
import type { ObservedDevice } from "../src/wireguard/index.ts";
import { keepaliveSeconds } from "../src/wireguard/index.ts";
import type { Clock } from "./clock.ts";
import type { Host, Internet } from "./internet.ts";
import type { Random } from "./random.ts";

type Packet =
  /** Made for one peer's key: another one that it reaches drops it. */
  | {
      readonly kind: "initiation";
      readonly peer: number;
      readonly id: number;
      readonly stamp: number;
      readonly isRace: boolean;
    }
  | { readonly kind: "response"; readonly id: number; readonly isRace: boolean }
  | { readonly kind: "keepalive"; readonly session: number };

/** What all devices of a simulation share. */
export interface Surroundings {
  readonly clock: Clock;
  readonly random: Random;
  readonly internet: Internet;
  readonly devices: readonly Device[];
  readonly counts: { initiations: number };
  /** A device has a session with a peer: it knows that packets arrive. */
  readonly onSession: (host: number, peer: number) => void;
}

/** A peer with what WireGuard remembers of it besides what it shows. Ids 0: none. Times in milliseconds. */
class SimPeer extends WireGuardPeer {
  /** The index of the host of the peer. */
  index = -1;
  pending = 0;
  session = 0;
  /** Agreed on as responder, until data confirms it. */
  next = 0;
  isInitiator = false;
  establishedAt = 0;
  lastStamp = -1;
  acceptedAt = 0;
  /** An initiation or an answer to one. */
  handshakeSentAt = 0;
  isGone = false;
}

const [initiationBytes, responseBytes, keepaliveBytes] = [148, 92, 32];
/** WireGuard's own figures, in milliseconds. */
const [retryAfter, retryJitter, rekeyAfter, leastBetween] = [5_000, 333, 120_000, 20];
/** Both kinds of initiation carry the time rounded down to this. */
export const stampOf = (now: number): number => Math.floor(now / 16.777216);

let ids = 0;
export const newId = (): number => ++ids;

/**
 * WireGuard as far as connecting goes. Its peers are those of the fake kernel's device, set as `wg` sets them; what only this
 * model has is the protocol in virtual time: handshakes, their limits and repetitions, roaming, keepalives, rekeying.
 */
export class Device {
  readonly host: Host;
  readonly publicKey: string;
  readonly #wireguard: WireGuardDevice<SimPeer>;
  readonly view: ObservedDevice;
  readonly #byIndex = new Map<number, SimPeer>();
  readonly #around: Surroundings;
  /** The answer to a race's initiation: whose, and from where. */
  onAnswer: (id: number, source: Endpoint) => void = () => undefined;
  /** An initiation was sent, ours or WireGuard's. */
  onInitiation: () => void = () => undefined;

  constructor(host: Host, publicKey: string, around: Surroundings) {
    this.host = host;
    this.publicKey = publicKey;
    this.#around = around;
    this.#wireguard = new WireGuardDevice(51_820, (key) => new SimPeer(key));
    this.#wireguard.firewallMark = 0x20;
    this.view = this.#wireguard.view;
  }

  get peers(): ReadonlyMap<string, SimPeer> {
    return this.#wireguard.peers;
  }

  set(index: number, { endpoint, keepalive }: { endpoint?: Endpoint | undefined; keepalive: number }): void {
    const publicKey = this.#around.devices[index]?.publicKey ?? "";
    const set = this.#wireguard.set({ publicKey, endpoint, keepaliveSeconds: keepalive });
    if (!set) return;
    const { peer, isTurnedOn } = set;
    peer.index = index;
    this.#byIndex.set(index, peer);
    if (isTurnedOn && peer.session === 0 && peer.next === 0) this.#initiate(peer);
  }

  remove(index: number): void {
    const peer = this.#byIndex.get(index);
    if (!peer) return;
    peer.isGone = true;
    this.#byIndex.delete(index);
    this.#wireguard.set({ publicKey: peer.publicKey, isRemoved: true });
  }

  /** Sends a race round: the same initiation to all of them. */
  race(peer: number, id: number, endpoints: readonly Endpoint[]): void {
    const packet = {
      kind: "initiation",
      peer,
      id,
      stamp: stampOf(this.#around.clock.now),
      isRace: true,
    } as const;
    for (const endpoint of endpoints) this.#send(endpoint, packet);
  }

  #initiate(peer: SimPeer): void {
    const { clock, random } = this.#around;
    if (peer.isGone || peer.endpoint === undefined || clock.now - peer.handshakeSentAt < retryAfter) return;
    const id = newId();
    const at = clock.now;
    peer.pending = id;
    peer.handshakeSentAt = at;
    peer.sentBytes += initiationBytes;
    this.#send(peer.endpoint, {
      kind: "initiation",
      peer: peer.index,
      id,
      stamp: stampOf(at),
      isRace: false,
    });
    clock.after(retryAfter + random() * retryJitter, () => {
      const isSuperseded = peer.pending !== id && peer.pending !== 0;
      if (peer.establishedAt < at && !isSuperseded) this.#initiate(peer);
    });
  }

  #send(to: Endpoint, packet: Packet): void {
    const { internet, devices, counts } = this.#around;
    if (packet.kind === "initiation") {
      counts.initiations++;
      this.onInitiation();
    }
    internet.send(this.host, to, (at, source) => devices[at.index]?.receive(this.host.index, packet, source));
  }

  receive(from: number, packet: Packet, source: Endpoint): void {
    if (packet.kind === "response" && packet.isRace) return this.onAnswer(packet.id, source);
    const peer = this.#byIndex.get(from);
    if (!peer || (packet.kind === "initiation" && packet.peer !== this.host.index)) return;
    if (packet.kind === "initiation") this.#respond(peer, packet, source);
    else if (packet.kind === "response") this.#complete(peer, packet.id, source);
    else this.#hear(peer, packet.session, source);
  }

  #respond(peer: SimPeer, packet: Packet & { kind: "initiation" }, source: Endpoint): void {
    const { now } = this.#around.clock;
    if (packet.stamp <= peer.lastStamp || now - peer.acceptedAt < leastBetween) return;
    peer.lastStamp = packet.stamp;
    peer.acceptedAt = now;
    peer.endpoint = source;
    peer.pending = 0; // one handshake at a time: theirs undoes ours
    peer.next = packet.id;
    peer.handshakeSentAt = now;
    peer.receivedBytes += initiationBytes;
    peer.sentBytes += responseBytes;
    this.#send(source, { kind: "response", id: packet.id, isRace: packet.isRace });
  }

  #complete(peer: SimPeer, id: number, source: Endpoint): void {
    if (peer.pending !== id) return;
    peer.pending = 0;
    peer.endpoint = source;
    peer.receivedBytes += responseBytes;
    peer.isInitiator = true;
    this.#establish(peer, id);
    this.#keepAlive(peer);
  }

  #hear(peer: SimPeer, session: number, source: Endpoint): void {
    if (session !== peer.session && session !== peer.next) return;
    peer.endpoint = source;
    peer.receivedBytes += keepaliveBytes;
    if (session !== peer.next) return;
    peer.next = 0;
    peer.isInitiator = false;
    this.#establish(peer, session);
  }

  #establish(peer: SimPeer, session: number): void {
    const { clock, onSession } = this.#around;
    const isFirst = peer.session === 0;
    peer.session = session;
    peer.establishedAt = clock.now;
    peer.handshakeAt = Math.floor(clock.now / 1000) * 1000;
    onSession(this.host.index, peer.index);
    if (isFirst) clock.after(keepaliveSeconds * 1000, () => this.#tick(peer));
  }

  #tick(peer: SimPeer): void {
    const { clock } = this.#around;
    if (peer.isGone) return;
    if (peer.keepaliveSeconds > 0) this.#keepAlive(peer);
    if (peer.isInitiator && clock.now - peer.establishedAt > rekeyAfter) this.#initiate(peer);
    clock.after(keepaliveSeconds * 1000, () => this.#tick(peer));
  }

  #keepAlive(peer: SimPeer): void {
    peer.sentBytes += keepaliveBytes;
    if (peer.endpoint !== undefined) this.#send(peer.endpoint, { kind: "keepalive", session: peer.session });
  }
}
