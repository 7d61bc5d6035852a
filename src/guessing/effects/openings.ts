import { randomBytes } from "node:crypto";
import { createSocket, type Socket } from "node:dgram";
import { type Endpoint, endpointAddress, endpointPort } from "../../net/index.ts";
import { bindingAnswer, bindingRequest, isStunMessage, mappedEndpoint } from "../../stun/index.ts";
import { bindTo } from "../../system/index.ts";
import { isOfToken } from "../token.ts";

interface OpeningsOptions {
  readonly to: Endpoint;
  readonly token: string;
  /** The number of sockets. */
  readonly count: number;
  /** Makes a transaction id with the token in it. */
  readonly newTransaction: (token: string) => Uint8Array;
  /** A STUN server that says which ports the NAT gave to the first socket and to the last. */
  readonly server: Endpoint | undefined;
  /** Called once, when a packet with the token has arrived at that port of this node. */
  readonly onHit: (port: number) => void;
}

/** The milliseconds for which the server's answer is waited for. */
const answerMs = 300;
/** So many packets leave at once, with so many milliseconds between: few routers drop that. */
const [burst, pauseMs] = [16, 20];

/**
 * Sockets whose packets have opened a mapping each in the NAT before this node. They heed packets from the endpoint alone,
 * and the one at which the peer's arrived is kept until `close`, so that nobody else gets its port.
 */
export class Openings {
  readonly #options: OpeningsOptions;
  #sockets: Socket[] = [];
  #isHit = false;
  #isClosed = false;

  constructor(options: OpeningsOptions) {
    this.#options = options;
  }

  /** Opens the mappings. Gives the ports at which the server saw the first and the last of them. Never rejects. */
  async open(): Promise<readonly number[]> {
    const { token, count, newTransaction } = this.#options;
    const first = await this.#askServer();
    for (let at = 0; at < count && !this.#isClosed && !this.#isHit; at++) {
      const socket = await this.#bound();
      if (socket) this.#send(socket, bindingRequest(newTransaction(token)));
      if (at % burst === burst - 1) await pause(pauseMs);
    }
    const last = this.#isClosed || this.#isHit ? undefined : await this.#askServer();
    return [first, last].flatMap((port) => (port === undefined ? [] : [port]));
  }

  close(): void {
    this.#isClosed = true;
    for (const socket of this.#sockets) socket.close();
    this.#sockets = [];
  }

  /** The socket is not connected to the peer: the kernel would give it all that comes from there, whatever nft says. */
  async #bound(): Promise<Socket | undefined> {
    const socket = await bindTo({ port: 0 }, () => this.#opened()).catch(() => undefined);
    if (!socket) return undefined; // a socket that fails opens nothing, and the others do
    if (this.#isClosed || this.#isHit) {
      socket.close();
      return undefined;
    }
    this.#sockets.push(socket);
    return socket;
  }

  #opened(): Socket {
    const socket = createSocket("udp4");
    socket.on("error", () => undefined);
    socket.on("message", (packet, { address, port }) => {
      const { to } = this.#options;
      if (address === endpointAddress(to) && port === endpointPort(to))
        this.#take(socket, new Uint8Array(packet));
    });
    return socket;
  }

  #send(socket: Socket, packet: Uint8Array): void {
    const { to } = this.#options;
    socket.send(packet, endpointPort(to), endpointAddress(to), () => undefined);
  }

  #take(socket: Socket, packet: Uint8Array): void {
    const { to, token, onHit } = this.#options;
    const answer = isOfToken(packet, token) ? bindingAnswer(packet, to) : undefined;
    if (this.#isHit || this.#isClosed || !answer) return;
    this.#isHit = true;
    for (const other of this.#sockets) if (other !== socket) other.close();
    this.#sockets = [socket];
    this.#send(socket, answer);
    onHit(socket.address().port);
  }

  /** The port at which the server sees a new socket; `undefined` without an answer. */
  async #askServer(): Promise<number | undefined> {
    const { server } = this.#options;
    if (server === undefined) return undefined;
    const socket = createSocket("udp4");
    socket.on("error", () => undefined);
    try {
      const transaction = randomBytes(12);
      const answered = Promise.withResolvers<number | undefined>();
      socket.on("message", (packet) => {
        const bytes = new Uint8Array(packet);
        const seen = isStunMessage(bytes) ? mappedEndpoint(bytes, transaction) : undefined;
        if (seen !== undefined) answered.resolve(endpointPort(seen));
      });
      socket.send(
        bindingRequest(transaction),
        endpointPort(server),
        endpointAddress(server),
        (error) => error && answered.resolve(undefined),
      );
      return await Promise.race([answered.promise, pause(answerMs)]);
    } finally {
      socket.close();
    }
  }
}

const pause = (ms: number): Promise<undefined> =>
  new Promise((resolve) => setTimeout(() => resolve(undefined), ms).unref());
