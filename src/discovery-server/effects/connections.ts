import type { ServerHttp2Session } from "node:http2";
import type { Socket } from "node:net";
import { RateLimit } from "../rate-limit.ts";
import { nobody, Shares } from "../shares.ts";

export interface ConnectionLimits {
  readonly total: number;
  readonly perAddress: number;
  /** The rate of new connections of one address. A handshake of TLS takes a millisecond of the processor. */
  readonly perAddressPerSecond: number;
  readonly perAddressBurst: number;
  /** The number of refused requests after which a connection is closed. */
  readonly refusals: number;
  /** The time within which the first request has to arrive. */
  readonly firstRequestMs: number;
  /** The time after which a connection without an open request is closed. */
  readonly idleMs: number;
  readonly pingEveryMs: number;
  readonly pingTimeoutMs: number;
}

const pingSteps = 4;

/**
 * All connections. Beyond the bounds, the newest ones of the address that has most are closed, except those over which
 * an established cluster watches.
 */
export class Connections {
  readonly #limits: ConnectionLimits;
  readonly #shares: Shares<string>;
  readonly #rate: RateLimit;
  readonly #sockets = new Map<string, Socket>();
  readonly #refusals = new Map<string, number>();
  readonly #sessions = new Set<ServerHttp2Session>();
  readonly #holderOf: (peer: string) => string | undefined;

  /** `holderOf` gives `undefined` for connections of a trusted proxy, each of which serves many clients. */
  constructor(
    limits: ConnectionLimits,
    holderOf: (peer: string) => string | undefined,
    isKept: (peer: string) => boolean,
  ) {
    this.#limits = limits;
    this.#holderOf = holderOf;
    this.#shares = new Shares<string>(
      { total: limits.total, perHolder: limits.perAddress },
      { isKept, first: "newest" },
    );
    this.#rate = new RateLimit({ perSecond: limits.perAddressPerSecond, burst: limits.perAddressBurst });
  }

  get count(): number {
    return this.#shares.size;
  }

  /**
   * Tells whether a connection is still open. Requests that were read along with its end may still arrive for a moment.
   */
  has(peer: string): boolean {
    return this.#sockets.has(peer);
  }

  /** Tells whether a connection may stay, and closes it otherwise. */
  admit(socket: Socket): boolean {
    const peer = peerOf(socket);
    socket.on("error", () => socket.destroy());
    const cut = this.#sockets.has(peer) ? undefined : this.#room(this.#holderOf(peer));
    for (const each of cut ?? []) this.#sockets.get(each)?.destroy();
    if (!cut) socket.destroy();
    if (socket.destroyed) return false;
    for (const each of cut ?? []) this.#forget(each);
    this.#shares.set(peer, this.#holderOf(peer) ?? nobody, 1);
    this.#sockets.set(peer, socket);
    socket.once("close", () => this.#sockets.get(peer) === socket && this.#forget(peer));
    return true;
  }

  #room(holder: string | undefined): string[] | undefined {
    if (holder !== undefined && !this.#rate.take(holder, performance.now())) return undefined;
    return this.#shares.room(holder ?? nobody, 1);
  }

  /**
   * Counts a refused request. A client that repeats refused requests costs more than it is worth; the other clients of
   * a proxy are spared.
   */
  refused(peer: string): void {
    const refusals = (this.#refusals.get(peer) ?? 0) + 1;
    if (this.#sockets.has(peer)) this.#refusals.set(peer, refusals);
    const holder = this.#holderOf(peer);
    const socket = this.#sockets.get(peer);
    if (refusals <= this.#limits.refusals || holder === undefined || !socket || socket.destroyed) return;
    socket.destroy();
    this.#forget(peer);
    this.#rate.charge(holder, refusals, performance.now()); // without this charge it would be back in a moment
  }

  #forget(peer: string): void {
    this.#shares.remove(peer);
    this.#refusals.delete(peer);
    this.#sockets.delete(peer);
  }

  /** Closes the connection when the other end is gone, or asks for nothing for too long. */
  watch(session: ServerHttp2Session): void {
    const { firstRequestMs, idleMs, pingEveryMs } = this.#limits;
    let streams = 0;
    let idle = setTimeout(() => session.destroy(), firstRequestMs);
    const ping = setInterval(() => this.#ping(session), pingEveryMs);
    this.#sessions.add(session);
    session.on("error", () => session.destroy());
    session.on("stream", (stream) => {
      streams++;
      clearTimeout(idle);
      stream.once("close", () => {
        if (--streams === 0 && !session.destroyed) idle = setTimeout(() => session.close(), idleMs);
      });
    });
    session.once("close", () => {
      this.#sessions.delete(session);
      clearTimeout(idle);
      clearInterval(ping);
    });
  }

  /**
   * Pings the other end in two steps. If this process itself was blocked, the answer has arrived already and is read
   * between the two.
   */
  #ping(session: ServerHttp2Session): void {
    let stepsLeft = pingSteps;
    const step = (): void => {
      if (stepsLeft-- === 0) session.destroy();
      else timer = setTimeout(step, this.#limits.pingTimeoutMs / pingSteps);
    };
    let timer = setTimeout(step, 0);
    session.once("close", () => clearTimeout(timer));
    if (!session.ping(() => clearTimeout(timer))) clearTimeout(timer);
  }

  /**
   * Closes all connections after their open requests had `graceMs` to end. Clients that have sent no request are not
   * waited for.
   */
  async closeAll(graceMs: number): Promise<void> {
    // The event is used because a session that its client is closing already would never call back.
    const closing = [...this.#sessions].map(
      (session) =>
        new Promise<void>((resolve) => {
          session.once("close", resolve);
          session.close();
        }),
    );
    const endAll = (): void => {
      for (const session of this.#sessions) session.destroy();
      for (const socket of this.#sockets.values()) socket.destroy();
    };
    const impatient = setTimeout(endAll, graceMs);
    await Promise.all(closing);
    clearTimeout(impatient);
    endAll();
  }
}

/** The `address:port` that tells connections apart. */
export const peerOf = (socket: Pick<Socket, "remoteAddress" | "remotePort">): string =>
  `${socket.remoteAddress ?? ""}:${socket.remotePort ?? ""}`;
