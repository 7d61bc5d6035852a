import { expect } from "vitest";
import type { Endpoint } from "../../../src/net/index.ts";
import type { PeerSpec } from "../../../src/peers/index.ts";
import { answered } from "../../../src/peers/index.ts";
import { type Connecting, type Tracked, trackPeers } from "../../../src/peers/track.ts";
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
  #tracked: Tracked | undefined;
  #now = start;
  #received = 1_000;

  /** Looks when it has to, and every two seconds. */
  run(seconds: number): this {
    for (const end = this.#now + seconds * 1000; this.#now < end; ) {
      this.#received += 32;
      const { wakeIn = 2_000 } = this.#look();
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
    return this.#tracked?.ways.paths.get(key(1));
  }

  #look(): Tracked {
    const before = this.#tracked;
    const tracked = trackPeers(
      [this.#spec],
      this.#device(),
      before?.attempts ?? new Map(),
      this.#now,
      "known",
      this.#connecting(before),
    );
    this.#tracked = tracked;
    const move = tracked.peers[0]?.move;
    const { takenAt } = this.#path ?? {};
    if (takenAt !== undefined && takenAt !== before?.ways.paths.get(key(1))?.takenAt)
      this.taken.push((takenAt - start) / 1000);
    if (move !== undefined) {
      this.events.push(`move ${nameOf(move)}`);
      this.endpoint = move;
    }
    for (const { endpoints } of tracked.races) this.#race(tracked, endpoints);
    return tracked;
  }

  #race(tracked: Tracked, endpoints: readonly Endpoint[]): void {
    this.events.push(`ask ${endpoints.map(nameOf).join()}`);
    const times = endpoints.flatMap((each) => {
      const ms = this.ways.get(each)?.();
      return ms === undefined ? [] : [[each, ms] as const];
    });
    const [first] = times.sort(([, left], [, right]) => left - right);
    const contest = tracked.contests.get(key(1));
    if (!first || !contest) return;
    const [from, ms] = first;
    this.endpoint = from;
    const answer = { endpoint: from, sentAt: this.#now, answeredAt: this.#now + Math.round(ms) };
    this.#tracked = { ...tracked, contests: new Map([[key(1), answered(contest, answer)]]) };
    this.#now = answer.answeredAt;
  }

  get #spec(): PeerSpec {
    return peerSpec(1, this.candidates, {
      candidates: this.candidates.map((each) => candidate(each, { class: each === near ? 1 : 2 })),
    });
  }

  #connecting(before: Tracked | undefined): Connecting {
    const { health, budget, contests = new Map(), heard = new Map(), ways } = before ?? {};
    const racing = { contests, heard, ownKey: key(0), mayDialSerially: false };
    return { ...(health && { health }), budget, ways, ...(this.isRacing && { racing }) };
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
