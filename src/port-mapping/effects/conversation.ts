import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { pause } from "../../discovery/effects/index.ts";
import { type Address, isPrivate, parseAddress } from "../../net/index.ts";

/** The milliseconds to wait for an answer to each try (RFC 6886, section 3.1, but with an earlier end). */
const triesMs = [250, 500, 1_000, 2_000] as const;

/** A conversation with one gateway. The socket is connected, so the kernel drops what comes from anybody else. */
export class Conversation {
  readonly #socket: Socket;
  readonly #signal: AbortSignal;
  /** The address of this node that the gateway sees. */
  readonly own: Address;

  /** Opens a conversation. Throws where no route leads to the gateway. */
  static async open(gateway: Address, port: number, signal: AbortSignal): Promise<Conversation> {
    const socket = createSocket("udp4");
    try {
      socket.connect(port, gateway);
      await once(socket, "connect");
      const own = parseAddress(socket.address().address);
      if (own === undefined) throw new Error("this node has no address there");
      socket.on("error", () => undefined); // a gateway that listens to nobody answers with an ICMP message
      return new Conversation(socket, own, signal);
    } catch (error) {
      socket.close();
      throw error;
    }
  }

  private constructor(socket: Socket, own: Address, signal: AbortSignal) {
    this.#socket = socket;
    this.own = own;
    this.#signal = signal;
  }

  /** Whether there may be a NAT at all: a public address needs no mapping. */
  get isPrivate(): boolean {
    return isPrivate(this.own);
  }

  /** Sends a request until something answers it; `undefined` if nothing does. */
  async ask<Answer>(
    request: Uint8Array,
    read: (packet: Uint8Array) => Answer | undefined,
  ): Promise<Answer | undefined> {
    const answered = new AbortController();
    let answer: Answer | undefined;
    const take = (packet: Buffer): void => {
      answer ??= read(packet);
      if (answer !== undefined) answered.abort();
    };
    this.#socket.on("message", take);
    const over = AbortSignal.any([answered.signal, this.#signal]);
    for (const waitMs of triesMs) {
      if (over.aborted) break;
      this.#socket.send(request, () => undefined); // what is not sent is not answered
      await pause(waitMs, over);
    }
    this.#socket.off("message", take);
    return answer;
  }

  close(): void {
    this.#socket.close();
  }
}
