import type { Forgotten } from "../api/index.ts";
import { KubespanError } from "../base/index.ts";
import { type Ownerless, type Passed, stillOwnerless, withoutOwned } from "../members/index.ts";
import type { Decision } from "../mesh/index.ts";
import { intersect, type Prefix } from "../net/index.ts";
import { stateOf } from "../peers/index.ts";

/** Whom, or what, this node let go of; the registries were not asked yet. */
export type LetGo = Omit<Forgotten, "problems">;

/** Keeps the networks whose owners were lost with the ledger, until they have owners again. */
export class Unowned {
  #now: Ownerless;
  /** Those that were last given to the ledger; nothing at the start, so that a damaged ledger is replaced. */
  #kept: Ownerless | undefined;

  constructor(found: Ownerless) {
    this.#now = found;
  }

  get now(): Ownerless {
    return this.#now;
  }

  /** Takes in that time has passed. Tells whether the ledger has to be written. */
  step(at: Passed): boolean {
    this.#now = stillOwnerless(this.#now, at);
    const isNews = this.#kept === undefined ? this.#now.networks.length > 0 : this.#now !== this.#kept;
    this.#kept = this.#now;
    return isNews;
  }

  /** Takes in whose networks belong to connected members. */
  found({ specs, polled }: Pick<Decision, "specs" | "polled">): void {
    if (this.#now.networks.length === 0) return;
    const up = specs.peers.filter(
      ({ publicKey }) => stateOf(polled.memory.connections.get(publicKey)) === "up",
    );
    this.#now = withoutOwned(
      this.#now,
      up.flatMap(({ allowedIPs }) => allowedIPs),
    );
  }

  /** Lets a network go because an operator says that nobody has it. Throws `KubespanError("usage")` if it is none of them. */
  letGo(network: Prefix): LetGo {
    if (intersect([network], this.#now.networks).length === 0)
      throw new KubespanError("usage", `${network} is no network that waits for its owner`, {
        hint: "'kubespan status' names those networks; a member is named by its name or its node id",
      });
    this.#now = withoutOwned(this.#now, [network]);
    return { label: network, asked: 0, heard: 0 };
  }
}
