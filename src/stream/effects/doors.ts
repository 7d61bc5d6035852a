import type { Packet } from "../limits.ts";
import { Door } from "./door.ts";

interface DoorsOptions {
  /** The port of WireGuard. */
  readonly listenPort: number;
  /** Sends a packet of WireGuard to its peer. */
  readonly send: (packet: Packet) => void;
  /** Called when `ports` has changed. */
  readonly onChange: () => void;
  /** Takes an error of opening a door, for the log. */
  readonly onFailure: (error: unknown) => void;
}

/** The most doors: each is an open file. Where more peers have no other way, the others wait. */
export const mostDoors = 256;
/** The packets that wait for a door that is being opened. */
const mostWaiting = 8;
/** A door through which nothing passed for so long is closed. Keepalives pass more often. */
const unusedMs = 180_000;

/** The doors of all peers that are reached, or tried, by way of a service. Peers are named by their node ids. */
export class Doors {
  readonly #options: DoorsOptions;
  readonly #doors = new Map<string, Door>();
  readonly #opening = new Map<string, Uint8Array[]>();
  #isClosed = false;

  constructor(options: DoorsOptions) {
    this.#options = options;
  }

  /** The ports of the doors, by node id. */
  get ports(): ReadonlyMap<string, number> {
    return new Map([...this.#doors].map(([peer, { port }]) => [peer, port]));
  }

  /** Opens a door for a peer if there is none, at this port if it is free. */
  open(peer: string, port?: number): void {
    const { listenPort, send, onChange, onFailure } = this.#options;
    const isThere = this.#doors.has(peer) || this.#opening.has(peer);
    if (this.#isClosed || isThere || this.#doors.size + this.#opening.size >= mostDoors) return;
    this.#opening.set(peer, []);
    const opened = (door: Door): void => {
      const waiting = this.#opening.get(peer) ?? [];
      this.#opening.delete(peer);
      if (this.#isClosed) return door.close();
      this.#doors.set(peer, door);
      for (const packet of waiting) door.deliver(packet);
      onChange();
    };
    Door.open(listenPort, (data) => send({ peer, data }), port).then(opened, (error: unknown) => {
      this.#opening.delete(peer);
      onFailure(error);
    });
  }

  /** Hands a packet of a peer to WireGuard, through a door that is opened if need be. */
  deliver({ peer, data }: Packet): void {
    const door = this.#doors.get(peer);
    if (door) return door.deliver(data);
    this.open(peer);
    const waiting = this.#opening.get(peer);
    if (waiting && waiting.length < mostWaiting) waiting.push(Uint8Array.from(data));
  }

  /** Closes the doors of whoever is no member, and those that are neither needed nor were used for a while. */
  keepOnly(members: ReadonlySet<string>, needed: ReadonlySet<string>): void {
    const now = performance.now();
    const isKept = (peer: string, { usedAt }: Door): boolean =>
      members.has(peer) && (needed.has(peer) || now - usedAt < unusedMs);
    const closed = [...this.#doors].filter(([peer, door]) => !isKept(peer, door));
    for (const [peer, door] of closed) {
      door.close();
      this.#doors.delete(peer);
    }
    if (closed.length > 0) this.#options.onChange();
  }

  close(): void {
    this.#isClosed = true;
    for (const door of this.#doors.values()) door.close();
    this.#doors.clear();
  }
}
