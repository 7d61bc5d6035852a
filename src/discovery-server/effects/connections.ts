import type { ServerHttp2Session } from "node:http2";
import type { Socket } from "node:net";
import { RateLimit } from "../rate-limit.ts";
import { nobody, Shares } from "../shares.ts";

export interface ConnectionLimits {
  readonly total: number;
  readonly perAddress: number;
  /** New ones of one address: a handshake of TLS takes a millisecond of the processor. */
  readonly perAddressPerSecond: number;
  readonly perAddressBurst: number;
  /** Requests that found no room, after which it is closed. */
  readonly refusals: number;
  /** In which the first request has to come. */
  readonly firstRequestMs: number;
  /** After which one without a request under way is closed. */
  readonly idleMs: number;
  readonly pingEveryMs: number;
  readonly pingTimeoutMs: number;
}

const pingSteps = 4;

/**
 * Who is connected. Beyond the bounds, connections of the address with most of them go, newest first, except those over
 * which an established cluster watches.
 */
export class Connections {
  readonly #limits: ConnectionLimits;
  readonly #shares: Shares<string>;
  readonly #rate: RateLimit;
  readonly #sockets = new Map<string, Socket>();
  readonly #refusals = new Map<string, number>();
  readonly #sessions = new Set<ServerHttp2Session>();
  readonly #holderOf: (peer: string) => string | undefined;

  /** `holderOf` gives `undefined` for those of a trusted proxy, each of which is many clients'. */
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

  /** Whether anything that comes over it still matters: what was read with it goes on coming for a moment. */
  has(peer: string): boolean {
    return this.#sockets.has(peer);
  }

  /** Whether it may stay; it is closed otherwise. */
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

  /** Whoever goes on asking for what it was refused costs more than it can be worth; a proxy's other clients do not. */
  refused(peer: string): void {
    const refusals = (this.#refusals.get(peer) ?? 0) + 1;
    if (this.#sockets.has(peer)) this.#refusals.set(peer, refusals);
    const holder = this.#holderOf(peer);
    const socket = this.#sockets.get(peer);
    if (refusals <= this.#limits.refusals || holder === undefined || !socket || socket.destroyed) return;
    socket.destroy();
    this.#forget(peer);
    this.#rate.charge(holder, refusals, performance.now()); // or it would be back in a moment
  }

  #forget(peer: string): void {
    this.#shares.remove(peer);
    this.#refusals.delete(peer);
    this.#sockets.delete(peer);
  }

  /** Sees that the other end is there, wants something, and is let go when it does not. */
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

  /** In steps: where this process itself was held up, the answer is there already, and is read between two of them. */
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

  /** Lets requests under way end, for so long; whoever has not even greeted is not waited for. */
  async closeAll(graceMs: number): Promise<void> {
    // By the event: a session that its client is closing already would never call back.
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

/** `address:port`, as it tells connections apart. */
export const peerOf = (socket: Pick<Socket, "remoteAddress" | "remotePort">): string =>
  `${socket.remoteAddress ?? ""}:${socket.remotePort ?? ""}`;
