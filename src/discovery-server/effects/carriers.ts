import { status } from "@grpc/grpc-js";
import { carriageLimits, type Packet } from "../../stream/index.ts";
import { Backlog } from "../backlog.ts";
import { FairQueue } from "../fair-queue.ts";
import { Pace } from "../pace.ts";
import type { Rate } from "../rate-limit.ts";
import { exhausted, type Refusal } from "../refusal.ts";
import { chargeOf } from "../relay-requests.ts";
import { type ShareLimits, Shares } from "../shares.ts";
import type { Call } from "./call.ts";
import { Carrier } from "./carrier.ts";

export interface CarrierLimits {
  readonly streams: ShareLimits & { readonly perCluster: number };
  /** The rates of bytes from one node, address, and cluster, and of all together. A packet counts 256 bytes besides. */
  readonly nodeRate: Rate;
  readonly addressRate: Rate;
  readonly clusterRate: Rate;
  readonly rate: Rate;
  /** The bytes from one address to one cluster that may wait for their turn, and those of all together. */
  readonly laneBytes: number;
  readonly waitingBytes: number;
  /** The packets that may wait for all nodes together before those of an address with more than its share may have but a few. */
  readonly queuedInAll: number;
}

/** The packets that may wait for a node when there are too many in all. */
const fewQueued = 8;

interface UnderWay {
  readonly room: string;
  readonly to: string;
  readonly packet: Packet;
}

/** What has been carried since the start. */
export interface Carried {
  readonly packets: number;
  readonly bytes: number;
  /** The packets for nodes that are not here, or that are too slow, or for which there was no turn in time. */
  readonly dropped: number;
  /** The bytes, as they are counted for the rates, that wait for their turn at the moment. */
  readonly waitingBytes: number;
  /** The streams that were ended to make room for others. */
  readonly cutOff: number;
}

/**
 * The streams of packets of all clusters. Packets pass between the streams of one room, which nobody can name without
 * the secret of its cluster. But whoever names a room of his own may have as many as he likes, so it is the addresses of
 * the senders that have the same right to what the service carries, and then the rooms of each.
 */
export class Carriers {
  readonly #limits: CarrierLimits;
  readonly #rooms = new Map<string, Map<string, Carrier>>();
  readonly #shares: Shares<Carrier>;
  readonly #turns: FairQueue<UnderWay>;
  readonly #nodePace: Pace;
  readonly #addressPace: Pace;
  readonly #clusterPace: Pace;
  readonly #pace: Pace;
  #isPausing = false;
  #carried = { packets: 0, bytes: 0, dropped: 0, cutOff: 0 };
  readonly #backlog: Backlog;

  constructor(limits: CarrierLimits) {
    this.#limits = limits;
    this.#shares = new Shares<Carrier>(limits.streams, { isKept: () => false, first: "newest" });
    const roundBytes = 4 * carriageLimits.mostPacketBytes;
    this.#turns = new FairQueue<UnderWay>({
      laneBytes: limits.laneBytes,
      bytes: limits.waitingBytes,
      roundBytes,
    });
    const { queuedInAll: inAll } = limits;
    this.#backlog = new Backlog({ each: carriageLimits.queuedPackets, few: fewQueued, inAll });
    this.#nodePace = new Pace(limits.nodeRate);
    this.#addressPace = new Pace(limits.addressRate);
    this.#clusterPace = new Pace(limits.clusterRate);
    this.#pace = new Pace(limits.rate);
  }

  get count(): number {
    return this.#shares.size;
  }

  get carried(): Carried {
    return { ...this.#carried, waitingBytes: this.#turns.bytes };
  }

  /** Admits a stream. It takes the place of an earlier stream of the same node, which may hang. */
  add(call: Call, affiliateId: string, room: string): Carrier | Refusal {
    const { holder } = call.caller;
    const carrier = new Carrier(call, affiliateId, room, (by) => this.#backlog.change(holder, by));
    const before = this.#rooms.get(room)?.get(affiliateId);
    if (before) this.#end(before, "another stream of this node has taken over");
    if ((this.#rooms.get(room)?.size ?? 0) >= this.#limits.streams.perCluster)
      return exhausted("the cluster has too many streams");
    const cut = this.#shares.room(holder, 1);
    if (!cut) return exhausted("this address has its share of the streams");
    for (const each of cut) {
      this.#carried.cutOff++;
      this.#end(each, "others have a right to a stream, too: open one later");
    }
    const members = this.#rooms.get(room) ?? new Map<string, Carrier>();
    this.#rooms.set(room, members.set(affiliateId, carrier));
    this.#shares.set(carrier, holder, 1);
    call.onClose(() => this.#remove(carrier));
    carrier.open();
    return carrier;
  }

  /**
   * Takes packets of a node; gives the milliseconds for which nothing more is to be read of it. What is for nobody here
   * takes no turn and nothing of what others share, but it counts for its sender, since it was read all the same.
   */
  take({ room, affiliateId, call }: Carrier, packets: readonly Packet[]): number {
    const { holder } = call.caller;
    const receivers = this.#rooms.get(room);
    let [read, carried] = [0, 0];
    for (const { peer: to, data } of packets) {
      const bytes = chargeOf({ peer: to, data });
      read += bytes;
      if (!receivers?.has(to)) {
        this.#carried.dropped++;
        continue;
      }
      carried += bytes;
      const packet = { peer: affiliateId, data };
      this.#carried.dropped += this.#turns.push(holder, room, { room, to, packet }, bytes);
    }
    this.#handOn();
    const now = performance.now();
    return Math.max(
      this.#nodePace.waitMs(`${room} ${affiliateId}`, read, now),
      this.#addressPace.waitMs(holder, read, now),
      this.#clusterPace.waitMs(room, carried, now),
    );
  }

  #handOn(): void {
    while (!this.#isPausing) {
      const next = this.#turns.shift();
      if (!next) return;
      this.#deliver(next);
      const waitMs = this.#pace.waitMs("", chargeOf(next.packet), performance.now());
      if (waitMs >= 1) this.#pause(waitMs);
    }
  }

  #pause(forMs: number): void {
    this.#isPausing = true;
    setTimeout(() => {
      this.#isPausing = false;
      this.#handOn();
    }, forMs);
  }

  #deliver({ room, to, packet }: UnderWay): void {
    const carrier = this.#rooms.get(room)?.get(to);
    if (!carrier) {
      this.#carried.dropped++;
      return;
    }
    this.#carried.packets++;
    this.#carried.bytes += packet.data.length;
    this.#carried.dropped += carrier.deliver(packet, this.#backlog.mostFor(carrier.call.caller.holder));
  }

  /** Ends all streams. Their nodes open others at the next service. */
  endAll(): void {
    for (const room of this.#rooms.values())
      for (const carrier of room.values()) this.#end(carrier, "this service is stopping");
  }

  #end(carrier: Carrier, why: string): void {
    this.#remove(carrier);
    carrier.call.end(status.ABORTED, why);
  }

  #remove(carrier: Carrier): void {
    const members = this.#rooms.get(carrier.room);
    if (members?.get(carrier.affiliateId) === carrier) members.delete(carrier.affiliateId);
    if (members?.size === 0) this.#rooms.delete(carrier.room);
    this.#shares.remove(carrier);
  }
}
