import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { errorText, KubespanError } from "../../base/index.ts";
import {
  type Endpoint,
  endpointAddress,
  endpointOf,
  endpointPort,
  familyOf,
  parseAddress,
} from "../../net/index.ts";
import { bindBeside } from "../../system/index.ts";

export type Receive = (packet: Uint8Array, from: Endpoint) => void;

/** A UDP socket for each family, at a port that the kernel chooses. */
export class Sockets {
  readonly #ipv4: Socket;
  readonly #ipv6: Socket | undefined;

  /**
   * Opens the sockets, at other ports than WireGuard's. Throws `KubespanError("command")` without IPv4; a machine without
   * IPv6 has one socket.
   */
  static async open(listenPort: number, receive: Receive): Promise<Sockets> {
    const ipv4 = await bind("udp4", listenPort, receive).catch((error: unknown) => {
      throw new KubespanError("command", `no UDP socket could be opened: ${errorText(error)}`, {
        cause: error,
      });
    });
    const ipv6 = await bind("udp6", listenPort, receive).catch(() => undefined); // IPv6 is switched off: nothing can be raced over it
    return new Sockets(ipv4, ipv6);
  }

  private constructor(ipv4: Socket, ipv6: Socket | undefined) {
    this.#ipv4 = ipv4;
    this.#ipv6 = ipv6;
  }

  get ports(): { readonly ipv4: number; readonly ipv6?: number } {
    const ipv6 = this.#ipv6?.address().port;
    return { ipv4: this.#ipv4.address().port, ...(ipv6 !== undefined && { ipv6 }) };
  }

  /** Sends a packet. `onFailure` is called when no route leads there, or a firewall of this machine forbids it. */
  send(packet: Uint8Array, to: Endpoint, onFailure: () => void): void {
    const address = endpointAddress(to);
    const socket = familyOf(address) === 4 ? this.#ipv4 : this.#ipv6;
    if (!socket) return onFailure();
    socket.send(packet, endpointPort(to), address, (error) => error && onFailure());
  }

  async close(): Promise<void> {
    const sockets = this.#ipv6 ? [this.#ipv4, this.#ipv6] : [this.#ipv4];
    await Promise.all(sockets.map((socket) => new Promise<void>((resolve) => socket.close(() => resolve()))));
  }
}

async function bind(type: "udp4" | "udp6", listenPort: number, receive: Receive): Promise<Socket> {
  const socket = await bindBeside(listenPort, () => createSocket({ type, ipv6Only: type === "udp6" }));
  socket.on("error", () => undefined); // an error concerns one packet, and its `send` is told of it
  socket.on("message", (packet, info) => {
    const from = senderOf(info);
    if (from) receive(new Uint8Array(packet), from);
  });
  return socket;
}

/** The endpoint from which a packet came. A link-local sender carries a zone, and nothing is ever sent to such an endpoint. */
const senderOf = ({ address, port }: RemoteInfo): Endpoint | undefined => {
  const parsed = parseAddress(address);
  return parsed && endpointOf(parsed, port);
};
