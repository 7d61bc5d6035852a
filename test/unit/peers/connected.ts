import { expect } from "vitest";
import type { Endpoint } from "../../../src/net/index.ts";
import { pollPeers } from "../../../src/peers/all.ts";
import {
  answered,
  type Circumstances,
  noPeers,
  type PeerSpec,
  type Polled,
} from "../../../src/peers/index.ts";
import type { ObservedDevice } from "../../../src/wireguard/index.ts";
import { candidate, endpoint, key, peerSpec } from "../mesh/values.ts";

const start = 1_700_000_000_000;
export const [far, near, other] = ["203.0.113.1:1", "10.0.0.1:1", "203.0.113.2:1"].map(endpoint) as [
  Endpoint,
  Endpoint,
  Endpoint,
];
const names = new Map([
  [far, "far"],
  [near, "near"],
  [other, "other"],
]);
const nameOf = (each: Endpoint): string => names.get(each) ?? expect.fail(each);

/**
 * A peer that is connected at `far` all the time. Where it answers and in how many milliseconds says `ways`; whoever of
 * us is asked somewhere is sent to from there, as WireGuard has it.
 */
export class Connected {
  readonly events: string[] = [];
  /** When a better way was taken, in seconds. */
  readonly taken: number[] = [];
  ways: Map<Endpoint, () => number | undefined> = new Map([[far, () => 40]]);
  candidates: readonly Endpoint[] = [far];
  endpoint = far;
  isRacing = true;
  /** Of WireGuard's, in milliseconds. */
  sessionAge = 10_000;
  #polled: Polled | undefined;
  #now = start;
  #received = 1_000;

  /** Polled when it has to be, and every two seconds. */
  run(seconds: number): this {
    for (const end = this.#now + seconds * 1000; this.#now < end; ) {
      this.#received += 32;
      const { wakeIn = 2_000 } = this.#poll();
      this.#now += Math.max(1, Math.min(wakeIn, 2_000));
    }
    return this;
  }

  get changes(): number {
    return this.#path?.changes ?? 0;
  }

  get reason(): string | undefined {
    return this.#path?.lastChange?.reason;
  }

  get #path() {
    return this.#polled?.memory.connections.get(key(1))?.path;
  }

  #poll(): Polled {
    const before = this.#polled?.memory ?? noPeers;
    const polled = pollPeers([this.#spec], this.#device(), before, this.#now, "known", this.#circumstances);
    this.#polled = polled;
    const { action } = polled.peers[0] ?? {};
    const { movedAt } = this.#path ?? {};
    if (movedAt !== undefined && movedAt !== before.connections.get(key(1))?.path?.movedAt)
      this.taken.push((movedAt - start) / 1000);
    if (action?.kind === "move") {
      this.events.push(`move ${nameOf(action.endpoint)}`);
      this.endpoint = action.endpoint;
    }
    for (const { endpoints } of polled.races) this.#race(polled, endpoints);
    return polled;
  }

  #race(polled: Polled, endpoints: readonly Endpoint[]): void {
    this.events.push(`ask ${endpoints.map(nameOf).join()}`);
    const times = endpoints.flatMap((each) => {
      const ms = this.ways.get(each)?.();
      return ms === undefined ? [] : [[each, ms] as const];
    });
    const [first] = times.sort(([, left], [, right]) => left - right);
    const connection = polled.memory.connections.get(key(1));
    if (!first || !connection) return;
    const [from, ms] = first;
    this.endpoint = from;
    const roundTripMs = Math.round(ms);
    const answeredAt = this.#now + roundTripMs;
    const answer = { endpoint: from, sentAt: this.#now, answeredAt, roundTripMs };
    const connections = new Map([[key(1), answered(connection, answer)]]);
    this.#polled = { ...polled, memory: { ...polled.memory, connections } };
    this.#now = answeredAt;
  }

  get #spec(): PeerSpec {
    return peerSpec(1, this.candidates, {
      candidates: this.candidates.map((each) => candidate(each, { class: each === near ? 1 : 2 })),
    });
  }

  get #circumstances(): Circumstances {
    return this.isRacing ? { racing: { ownKey: key(0), mayDialSerially: false } } : {};
  }

  #device(): ObservedDevice {
    const peer = {
      publicKey: key(1),
      endpoint: this.endpoint,
      allowedIPs: [],
      handshakeAt: this.#now - this.sessionAge,
      receivedBytes: this.#received,
      sentBytes: 1_000,
      keepaliveSeconds: 25,
    };
    return { listenPort: 51820, firewallMark: 0x20, peers: new Map([[key(1), peer]]) };
  }
}
