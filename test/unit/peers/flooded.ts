import { createHash } from "node:crypto";
import type { Endpoint } from "../../../src/net/index.ts";
import { pollPeers } from "../../../src/peers/all.ts";
import { type Circumstances, noPeers, type PeerSpec, type Polled } from "../../../src/peers/index.ts";
import type { DesiredPeer, ObservedPeer } from "../../../src/wireguard/index.ts";
import { endpoint, peerSpec } from "../mesh/values.ts";

const start = 1_700_000_000_000;
/** WireGuard's own, in milliseconds. */
const repetition = 5_000;
const longestPause = 2_000;

interface Entry extends ObservedPeer {
  callsAt: number;
}

/** The n-th endpoint that anybody ever made up: no two are the same. */
export const madeUp = (number: number): Endpoint =>
  endpoint(`${11 + (number >> 16)}.${(number >> 8) & 255}.${number & 255}.1:51820`);

const keyOf = (name: string): string => createHash("sha256").update(name).digest("base64");

/** A node whose peers were all made up: none ever answers. WireGuard does as it is told, and repeats itself. */
export class Flooded {
  /** Of each packet, in milliseconds from the start, and of which peer. */
  readonly sent: { readonly at: number; readonly to: string }[] = [];
  /** Where the packets of races went. */
  readonly asked = new Set<Endpoint>();
  readonly #specs = new Map<string, PeerSpec>();
  readonly #names = new Map<string, string>();
  readonly #device = new Map<string, Entry>();
  readonly #isRacing: boolean;
  #polled: Polled | undefined;
  #now = start;

  constructor(isRacing: boolean) {
    this.#isRacing = isRacing;
  }

  /** Someone says this of a member. */
  announce(name: string, candidates: readonly Endpoint[]): void {
    this.#names.set(keyOf(name), name);
    this.#specs.set(name, peerSpec(0, candidates, { publicKey: keyOf(name), label: name }));
  }

  remove(name: string): void {
    this.#specs.delete(name);
  }

  run(ms: number): this {
    for (const end = this.#now + ms; this.#now < end; ) {
      const { wakeIn = longestPause } = this.#poll();
      this.#now = Math.min(end, this.#now + Math.max(1, Math.min(wakeIn, longestPause)));
      this.#repeat();
    }
    return this;
  }

  /** The most packets in any time of that many milliseconds; of one member, or of all. */
  most(ms: number, to?: string): number {
    const times = this.sent.filter((each) => to === undefined || each.to === to).map(({ at }) => at);
    times.sort((left, right) => left - right);
    let [first, most] = [0, 0];
    for (const [last, at] of times.entries()) {
      while ((times[first] ?? at) <= at - ms) first++;
      most = Math.max(most, last - first + 1);
    }
    return most;
  }

  #poll(): Polled {
    const specs = [...this.#specs.values()];
    const device = { listenPort: 51820, firewallMark: 0x20, peers: this.#device };
    const before = this.#polled?.memory ?? noPeers;
    const polled = pollPeers(specs, device, before, this.#now, "known", this.#circumstances);
    this.#polled = polled;
    const keys = new Set(specs.map(({ publicKey }) => publicKey));
    for (const key of this.#device.keys()) if (!keys.has(key)) this.#device.delete(key);
    for (const peer of polled.peers) this.#apply(peer);
    for (const { publicKey, endpoints } of polled.races)
      for (const each of endpoints) {
        this.asked.add(each);
        this.#send(publicKey, this.#now);
      }
    return polled;
  }

  get #circumstances(): Circumstances {
    return this.#isRacing ? { racing: { ownKey: keyOf("own"), mayDialSerially: true } } : {};
  }

  /** As `planPeers` has it. */
  #apply({ publicKey, action }: DesiredPeer): void {
    const dial = action.kind === "dial" ? action.endpoint : undefined;
    const isParked = action.kind === "park";
    const isWaiting = isParked || action.kind === "wait";
    const before = this.#device.get(publicKey);
    const isAnew = isParked || (dial !== undefined && before !== undefined && before.keepaliveSeconds > 0);
    const observed = isAnew ? undefined : before;
    const isOn = observed !== undefined && observed.keepaliveSeconds > 0;
    const to = dial ?? observed?.endpoint;
    this.#device.set(publicKey, {
      publicKey,
      ...(to !== undefined && { endpoint: to }),
      allowedIPs: [],
      receivedBytes: 0,
      sentBytes: 0,
      keepaliveSeconds: isWaiting && !isOn ? 0 : 25,
      callsAt: dial === undefined ? (observed?.callsAt ?? Infinity) : this.#now + repetition,
    });
    if (dial !== undefined) this.#send(publicKey, this.#now);
  }

  #repeat(): void {
    for (const entry of this.#device.values())
      for (; entry.callsAt <= this.#now; entry.callsAt += repetition)
        this.#send(entry.publicKey, entry.callsAt);
  }

  #send(publicKey: string, at: number): void {
    this.sent.push({ at: at - start, to: this.#names.get(publicKey) ?? "" });
  }
}
