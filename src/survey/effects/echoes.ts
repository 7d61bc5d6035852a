import { randomBytes } from "node:crypto";
import type { Address } from "../../net/index.ts";
import {
  Budget,
  echoReply,
  echoRequest,
  echoTokenBytes,
  type Measured,
  measured,
  readEcho,
  smallEchoes,
  smallerThan,
} from "../index.ts";

/** The milliseconds to wait for an echo: longer than any path on which people work. */
const waitMs = 1_000;
/** The milliseconds for which a measurement is good enough for whoever asks next. */
const freshMs = 5_000;
/** The echoes that are sent back in a second, each as large as it came. */
const mostReplies = 400;

interface EchoesOptions {
  readonly post: (bytes: Uint8Array, to: Address) => void;
  readonly isMember: (address: Address) => boolean;
}

interface Kept {
  readonly at: number;
  readonly result: Promise<Measured>;
}

/** Measures paths to members by datagrams that these send back, and sends back those of others. */
export class Echoes {
  readonly #options: EchoesOptions;
  readonly #awaited = new Map<string, { readonly from: Address; readonly heard: () => void }>();
  readonly #kept = new Map<Address, Kept>();
  readonly #budget = new Budget(mostReplies);

  constructor(options: EchoesOptions) {
    this.#options = options;
  }

  /** Takes a datagram; tells whether it is an echo. */
  receive(bytes: Uint8Array, from: Address): boolean {
    const echo = readEcho(bytes);
    if (!echo) return false;
    if (echo.kind === "reply") {
      const awaited = this.#awaited.get(echo.token);
      if (awaited?.from === from) awaited.heard();
    } else if (this.#budget.take(performance.now()) && this.#options.isMember(from))
      this.#options.post(echoReply(bytes), from);
    return true;
  }

  /** Measures the path to a member, unless it was measured a moment ago. */
  measure(address: Address, linkMtu: number): Promise<Measured> {
    const kept = this.#kept.get(address);
    return kept && performance.now() - kept.at < freshMs ? kept.result : this.measureAnew(address, linkMtu);
  }

  /** Measures the path to a member, whenever it was measured before. */
  measureAnew(address: Address, linkMtu: number): Promise<Measured> {
    const now = performance.now();
    for (const [each, { at }] of this.#kept) if (now - at >= freshMs) this.#kept.delete(each);
    const result = this.#measureNow(address, linkMtu);
    this.#kept.set(address, { at: now, result });
    return result;
  }

  async #measureNow(address: Address, linkMtu: number): Promise<Measured> {
    const small = Promise.all(Array.from({ length: smallEchoes }, () => this.#echo(address)));
    const passed = await this.#passing(address, [linkMtu, linkMtu]); // one of them may get lost
    const sizes = passed.length > 0 ? passed : await this.#passing(address, smallerThan(linkMtu));
    return measured(await small, sizes);
  }

  async #passing(address: Address, sizes: readonly number[]): Promise<readonly number[]> {
    const times = await Promise.all(sizes.map((size) => this.#echo(address, size)));
    return sizes.filter((_, at) => times[at] !== undefined);
  }

  /**
   * Sends one echo, as small as it can be or a packet of that size. It is awaited until it came back, or until the function
   * is called that is given.
   */
  send(address: Address, packetBytes: number | undefined, onHeard: () => void): () => void {
    const token = randomBytes(echoTokenBytes);
    const name = token.toString("hex");
    const forget = (): void => void this.#awaited.delete(name);
    const heard = (): void => {
      forget();
      onHeard();
    };
    this.#awaited.set(name, { from: address, heard });
    this.#options.post(echoRequest(token, packetBytes), address);
    return forget;
  }

  /** Sends one echo; gives the milliseconds until it came back, or `undefined` if it did not. */
  #echo(address: Address, packetBytes?: number): Promise<number | undefined> {
    return new Promise((resolve) => {
      const begin = performance.now();
      const forget = this.send(address, packetBytes, () => {
        clearTimeout(timer);
        resolve(performance.now() - begin);
      });
      const timer = setTimeout(() => {
        forget();
        resolve(undefined);
      }, waitMs);
    });
  }
}
