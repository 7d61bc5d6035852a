import type { Logger } from "pino";
import type { KeyRotated } from "../api/index.ts";
import type { Heard } from "../discovery/index.ts";
import type { Messenger } from "../members/effects/index.ts";
import {
  awaitedKeys,
  heedKey,
  isConnected,
  type KeyNotice,
  labelOf,
  linksOf,
  type Member,
  type Members,
  type NextKeys,
  withHandshakes,
  withTakenKeys,
} from "../members/index.ts";
import { soonestPoll } from "../peers/index.ts";
import type { ObservedDevice } from "../wireguard/index.ts";
import { recipientFor } from "./leave.ts";

interface Parts {
  readonly identity: { readonly nodeId: string; readonly publicKey: string };
  readonly evictions: { readonly isEvicted: (nodeId: string, publicKey: string | undefined) => boolean };
  readonly log: Logger;
  /** The present time in milliseconds since 1970. */
  readonly clock: () => number;
}

/** The times that a member is told, each of which takes a second where it does not confirm. */
const mostRounds = 5;

/**
 * The keys that members are about to take. This node's WireGuard holds each beside the present one, so that the first
 * handshake with it succeeds, and what the member sent before is received until then.
 */
export class NextKeysHeard {
  readonly #parts: Parts;
  #all: NextKeys = new Map();
  /** The keys that the device had when it was last read. */
  #held: ReadonlySet<string> = new Set();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  get all(): NextKeys {
    return this.#all;
  }

  /** The keys that the device has to hold beside those of the members. */
  get awaited(): readonly string[] {
    const { evictions, clock } = this.#parts;
    return awaitedKeys(this.#all, evictions.isEvicted, clock());
  }

  /**
   * Takes in what the member with the key `sender` tells, and asks for a pass if that is new. The member gets a receipt
   * once the device holds the key, as it takes the key right after that.
   */
  heed(notice: KeyNotice, sender: string, members: Members, wake: () => void): boolean {
    const { identity, evictions, log, clock } = this.#parts;
    const { nodeId, publicKey } = notice;
    const member = members.get(nodeId);
    if (member?.claim.kubespan?.publicKey !== sender) return false;
    if (publicKey === sender) return true;
    const around = { member, members, own: identity.publicKey, isEvicted: evictions.isEvicted };
    const heeded = heedKey(this.#all, notice, around, clock());
    const label = labelOf(member.claim);
    if (typeof heeded === "string") log.warn(`${label} tells of another key, which is not heeded: ${heeded}`);
    else if (heeded !== this.#all) {
      log.info({ nodeId, publicKey }, `${label} is about to take another key`);
      this.#all = heeded;
      wake();
    }
    return typeof heeded !== "string" && this.#held.has(publicKey);
  }

  /** Looks at the device. Tells whether a member has taken its key, so that it is reached by that from now on. */
  see(device: ObservedDevice | undefined): boolean {
    if (this.#all.size === 0) return false;
    this.#held = new Set(device?.peers.keys());
    const after = withHandshakes(
      this.#all,
      linksOf(device, () => ({ isDown: false })),
      this.#parts.clock(),
    );
    const isTaken = after !== this.#all;
    this.#all = after;
    return isTaken;
  }

  /** The members and what is heard of them, by the keys that they have taken. */
  applied(members: Members, heard: readonly Heard[]): ReturnType<typeof withTakenKeys> {
    return withTakenKeys(members, heard, this.#all);
  }

  /** The milliseconds until the device wants to be read, as WireGuard tells nobody of a handshake. */
  lookInMs({ size }: Members): number | undefined {
    return this.awaited.length === 0 ? undefined : soonestPoll(size);
  }

  /** Tells the connected members of this node's next key, until all hold it or have had their time. */
  async tellAll(
    next: Pick<KeyNotice, "publicKey" | "number">,
    members: Members,
    messenger: Messenger,
  ): Promise<Omit<KeyRotated, "publicKey">> {
    const { identity, clock } = this.#parts;
    const others = [...members.values()].filter(({ standing }) => standing !== "released");
    const reachable = others.filter(
      (member) => isConnected(member, clock()) && member.claim.membership !== undefined,
    );
    const heard = new Set<string>();
    for (let round = 0; round < mostRounds && heard.size < reachable.length; round++) {
      const left = reachable.flatMap(recipientFor).filter(({ publicKey }) => !heard.has(publicKey));
      const notice = { kind: "key" as const, nodeId: identity.nodeId, ...next };
      for (const key of await messenger.tell(left, notice)) heard.add(key);
    }
    const missed = others.flatMap((member) => {
      const key = member.claim.kubespan?.publicKey;
      return key === undefined || heard.has(key)
        ? []
        : { label: labelOf(member.claim), reason: whyNot(member, clock()) };
    });
    return { asked: reachable.length, heard: heard.size, missed };
  }
}

function whyNot(member: Member, now: number): string {
  if (!isConnected(member, now)) return "it is not connected";
  return member.claim.membership ? "it did not confirm" : "it runs Talos, or an early version";
}
