import { createSocket, type Socket } from "node:dgram";
import { bindBeside, bindTo } from "../../system/index.ts";
import { isPacketSize } from "../limits.ts";

const loopback = "127.0.0.1";

/**
 * The UDP socket on loopback that stands for one peer: what WireGuard sends there is carried to the peer, and what the
 * peer sends comes to WireGuard from there.
 */
export class Door {
  readonly port: number;
  /** The time at which a packet last passed, in milliseconds of a clock that never goes back. */
  usedAt = performance.now();
  readonly #socket: Socket;

  /** Opens a door at a given port, or at any if that is taken or none is given. */
  static async open(listenPort: number, send: (packet: Uint8Array) => void, port = 0): Promise<Door> {
    const socket = await bound(port, listenPort);
    try {
      await connected(socket, listenPort);
    } catch (error) {
      socket.close();
      throw error;
    }
    return new Door(socket, listenPort, send);
  }

  private constructor(socket: Socket, listenPort: number, send: (packet: Uint8Array) => void) {
    this.#socket = socket;
    this.port = socket.address().port;
    socket.on("error", () => undefined); // an error concerns one packet, and WireGuard repeats what matters
    socket.on("message", (packet, { address, port }) => {
      // Any program of this node can send to this socket until it is connected. Only WireGuard's port is WireGuard's.
      if (address !== loopback || port !== listenPort || !isPacketSize(packet.length)) return;
      this.usedAt = performance.now();
      send(packet);
    });
  }

  /** Hands a packet of the peer to WireGuard. */
  deliver(packet: Uint8Array): void {
    this.usedAt = performance.now();
    this.#socket.send(packet);
  }

  close(): void {
    this.#socket.close();
  }
}

const open = (): Socket => createSocket("udp4");

/** Binds a socket to the same port as before, if there was one and it is free. */
async function bound(port: number, listenPort: number): Promise<Socket> {
  const anywhere = (): Promise<Socket> => bindBeside(listenPort, open, loopback);
  return port === 0 ? anywhere() : bindTo({ port, address: loopback }, open).catch(anywhere);
}

/** Connects a socket to WireGuard's port: the kernel then lets nobody else in, and a packet costs less to send. */
async function connected(socket: Socket, listenPort: number): Promise<void> {
  const done = Promise.withResolvers<void>();
  // Without an error that is passed on, the callback is called; an address needs no lookup that could fail.
  socket.connect(listenPort, loopback, (error?: Error) => (error ? done.reject(error) : done.resolve()));
  await done.promise;
}
