import { type Rate, RateLimit } from "../rate-limit.ts";
import { type ShareLimits, Shares } from "../shares.ts";
import type { Call, Caller } from "./call.ts";

export interface CallsLimits {
  /** All that are open: watches, answers that are being read, requests that are still to come. */
  readonly open: ShareLimits;
  /** Those whose request has yet to come. */
  readonly unfinished: ShareLimits;
  /** How fast one address may open them. */
  readonly rate: Rate;
}

/** All calls that are open. Where there are too many, those of the address with most of them are cut. */
export class Calls {
  readonly #open: Shares<Call>;
  readonly #unfinished: Shares<Call>;
  readonly #byPeer = new Map<string, Set<Call>>();
  readonly #rate: RateLimit;
  readonly #isKept: (call: Call) => boolean;
  readonly #onRefused: (peer: string) => void;

  /** `onRefused` is told of each call that found no room, or had to give way. */
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

  /** Whether one more is wanted of this caller, so soon after those before. */
  isInTime({ holder, peer }: Caller): boolean {
    const isInTime = this.#rate.take(holder, performance.now());
    if (!isInTime) this.#onRefused(peer);
    return isInTime;
  }

  /** Whether there is room for it. */
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

  /** Its request is here. */
  arrived(call: Call): void {
    this.#unfinished.remove(call);
  }

  /** Whether this connection carries something that is kept. */
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
