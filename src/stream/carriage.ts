import { Hearing } from "./hearing.ts";
import type { Packet } from "./limits.ts";

/** An open stream of packets, as the service of that name offers it. */
export interface Line {
  readonly service: string;
  /** Sends a packet, or drops it or an older one if the stream is too slow. Never throws. */
  send(packet: Packet): void;
}

interface Listener {
  /** A line was opened or closed. */
  onLines(): void;
  onPacket(packet: Packet, line: Line): void;
}

/**
 * The lines over which packets are carried, and the one listener to them. A node that no line has brought a packet of may
 * be at any service, so what is for it takes all lines; afterwards it takes those where the node is heard.
 */
export class Carriage {
  readonly #lines = new Set<Line>();
  readonly #hearings = new Map<string, Hearing<Line>>();
  #listener: Listener | undefined;

  /** Replaces the listener; `undefined` where nobody listens any more. */
  listen(listener: Listener | undefined): void {
    this.#listener = listener;
  }

  /** The names of the services that carry packets at the moment. */
  get services(): readonly string[] {
    return [...this.#lines].map(({ service }) => service);
  }

  opened(line: Line): void {
    this.#lines.add(line);
    this.#listener?.onLines();
  }

  closed(line: Line): void {
    if (!this.#lines.delete(line)) return;
    for (const [peer, hearing] of this.#hearings) {
      if (hearing.inUse === line) this.#hearings.delete(peer);
      else hearing.forget(line);
    }
    this.#listener?.onLines();
  }

  received(packet: Packet, line: Line): void {
    if (this.#lines.has(line)) this.#listener?.onPacket(packet, line);
  }

  /** Notes that a member was heard over that line. It is for the listener to say who is a member. */
  heard(packet: Packet, line: Line, now: number): void {
    if (!this.#lines.has(line)) return;
    const hearing = this.#hearings.get(packet.peer) ?? new Hearing(line, now);
    this.#hearings.set(packet.peer, hearing);
    hearing.heard(packet, line, now);
  }

  /** The service over which packets for a node go: that of the line in use, or else the first. */
  serviceFor(peer: string): string | undefined {
    return this.#hearings.get(peer)?.inUse.service ?? this.services[0];
  }

  send(packet: Packet, now: number): void {
    const hearing = this.#hearings.get(packet.peer);
    for (const line of this.#lines) if (!hearing || hearing.isFor(line, packet, now)) line.send(packet);
  }

  /** Forgets where nodes were heard that are no members any more. */
  keepOnly(members: ReadonlySet<string>): void {
    for (const peer of this.#hearings.keys()) if (!members.has(peer)) this.#hearings.delete(peer);
  }
}
