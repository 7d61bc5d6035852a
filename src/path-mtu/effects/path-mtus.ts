import type { Address } from "../../net/index.ts";
import { advance, foundIn, isSameFor, type PathMtu, type PathPeer, type Paths, small } from "../index.ts";

/** The milliseconds for which it is good enough what this node knows of the ways to endpoints. */
const knownMs = 300;

interface PathMtusOptions {
  /** Sends a datagram of that size, which a peer sends back; gives the way to await it no longer. */
  readonly send: (to: Address, size: number, onHeard: () => void) => () => void;
  /** Reads up to which size this node sends packets whole to an address, where it knows that larger ones do not pass. */
  readonly known: () => Promise<ReadonlyMap<Address, number>>;
  /** Called when other packets than before pass to a peer. */
  readonly onChange: () => void;
}

/** Finds the largest packets that pass to each peer. Nothing is sent, and no timer runs, unless something happened to a peer. */
export class PathMtus {
  readonly #options: PathMtusOptions;
  readonly #clock: () => number;
  #paths: Paths = new Map();
  #found: ReadonlyMap<string, PathMtu> = new Map();
  #peers: readonly PathPeer[] = [];
  #linkMtu = 0;
  #heard = new Map<string, number[]>();
  #known: { readonly at: number; readonly sizes: ReadonlyMap<Address, number> } = {
    at: Number.NEGATIVE_INFINITY,
    sizes: new Map(),
  };
  #isLooking = false;
  #isClosed = false;
  #timer: NodeJS.Timeout | undefined;
  /** The datagrams of searches that are awaited, by the peer. */
  readonly #awaited = new Map<string, (() => void)[]>();

  constructor(options: PathMtusOptions, clock: () => number) {
    this.#options = options;
    this.#clock = clock;
  }

  /** What is known of the paths, by public key. */
  get found(): ReadonlyMap<string, PathMtu> {
    return this.#found;
  }

  /** Follows the peers as they are now. */
  follow(peers: readonly PathPeer[], linkMtu: number): void {
    if (this.#isClosed) return;
    this.#peers = peers;
    this.#linkMtu = linkMtu;
    this.#advance();
  }

  close(): void {
    clearTimeout(this.#timer);
    for (const key of this.#awaited.keys()) this.#forget(key);
    this.#isClosed = true;
  }

  #advance(): void {
    if (this.#isLooking) return; // what came back is not judged before that is known
    clearTimeout(this.#timer);
    const { paths, send, wakeInMs } = advance(
      this.#paths,
      { peers: this.#peers, linkMtu: this.#linkMtu, heard: this.#heard, known: this.#known.sizes },
      this.#clock(),
    );
    this.#paths = paths;
    this.#heard = new Map();
    for (const { publicKey, to, sizes } of send)
      for (const size of sizes) {
        const forget = this.#options.send(to, size, () => this.#hear(publicKey, size));
        this.#awaited.set(publicKey, [...(this.#awaited.get(publicKey) ?? []), forget]);
      }
    for (const key of this.#awaited.keys()) if (!paths.get(key)?.search) this.#forget(key);
    if (wakeInMs !== undefined) this.#wakeIn(wakeInMs);
    this.#tell();
  }

  #tell(): void {
    const found = foundIn(this.#paths);
    const isSame = isSameFor(this.#linkMtu, this.#found, found);
    this.#found = found;
    if (!isSame) this.#options.onChange();
  }

  #hear(publicKey: string, size: number): void {
    this.#heard.set(publicKey, [...(this.#heard.get(publicKey) ?? []), size]);
    if (size > small) void this.#look();
    else if (!this.#isLooking) this.#wakeIn(0);
  }

  /** Goes on with what this node knows of the ways to endpoints, which is read once for all peers that answer at a time. */
  async #look(): Promise<void> {
    const now = this.#clock();
    if (Math.abs(now - this.#known.at) >= knownMs) {
      if (this.#isLooking) return;
      this.#isLooking = true;
      const sizes = await this.#options.known();
      this.#isLooking = false;
      this.#known = { at: now, sizes };
    }
    if (!this.#isClosed) this.#wakeIn(0);
  }

  #wakeIn(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#advance(), ms);
    this.#timer.unref();
  }

  #forget(publicKey: string): void {
    for (const forget of this.#awaited.get(publicKey) ?? []) forget();
    this.#awaited.delete(publicKey);
  }
}
