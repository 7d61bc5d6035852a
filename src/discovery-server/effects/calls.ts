import { type Rate, RateLimit } from "../rate-limit.ts";
import { type ShareLimits, Shares } from "../shares.ts";
import type { Call, Caller } from "./call.ts";

export interface CallsLimits {
  /** The limits on all open calls: watches, answers that are being read, and requests that have yet to arrive. */
  readonly open: ShareLimits;
  /** The limits on calls whose request has yet to arrive. */
  readonly unfinished: ShareLimits;
  /** The rate at which one address may open calls. */
  readonly rate: Rate;
}

/** All open calls. When there are too many, calls of the address that has most are cut. */
export class Calls {
  readonly #open: Shares<Call>;
  readonly #unfinished: Shares<Call>;
  readonly #byPeer = new Map<string, Set<Call>>();
  readonly #rate: RateLimit;
  readonly #isKept: (call: Call) => boolean;
  readonly #onRefused: (peer: string) => void;

  /** `onRefused` is called for each call that found no room or had to give way. */
  constructor(limits: CallsLimits, isKept: (call: Call) => boolean, onRefused: (peer: string) => void) {
    this.#isKept = isKept;
    this.#onRefused = onRefused;
    this.#rate = new RateLimit(limits.rate);
    this.#open = new Shares<Call>(limits.open, { isKept, first: "newest" });
    this.#unfinished = new Shares<Call>(limits.unfinished, { isKept: () => false, first: "oldest" });
  }

  get unfinished(): number {
    return this.#unfinished.size;
  }

  /** Tells whether the rate of this caller allows one more call. */
  isInTime({ holder, peer }: Caller): boolean {
    const isInTime = this.#rate.take(holder, performance.now());
    if (!isInTime) this.#onRefused(peer);
    return isInTime;
  }

  /** Tells whether there is room for the call. */
  admit(call: Call): boolean {
    const { holder, peer } = call.caller;
    const open = this.#open.room(holder, 1);
    const unfinished = open && this.#unfinished.room(holder, 1);
    if (!open || !unfinished) {
      this.#onRefused(peer);
      return false;
    }
    for (const each of [...open, ...unfinished]) this.#cut(each);
    this.#open.set(call, holder, 1);
    this.#unfinished.set(call, holder, 1);
    const ofPeer = this.#byPeer.get(peer) ?? new Set();
    this.#byPeer.set(peer, ofPeer.add(call));
    call.onClose(() => this.#remove(call));
    return true;
  }

  /** Notes that the request of a call has arrived. */
  arrived(call: Call): void {
    this.#unfinished.remove(call);
  }

  /** Tells whether a connection carries a call that is kept. */
  keeps(peer: string): boolean {
    return [...(this.#byPeer.get(peer) ?? [])].some(this.#isKept);
  }

  #cut(call: Call): void {
    call.cut();
    this.#remove(call);
    this.#onRefused(call.caller.peer);
  }

  #remove(call: Call): void {
    const { peer } = call.caller;
    this.#open.remove(call);
    this.#unfinished.remove(call);
    const ofPeer = this.#byPeer.get(peer);
    ofPeer?.delete(call);
    if (ofPeer?.size === 0) this.#byPeer.delete(peer);
  }
}
