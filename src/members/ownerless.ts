import type { Warning } from "../marks/index.ts";
import { intersect, type Prefix, subtract } from "../net/index.ts";
import { setByMs } from "./clock.ts";
import { durationText } from "./report.ts";

/**
 * The networks that this node steered when it last ran, and whose owners it no longer knows, because its ledger is damaged
 * or gone. What is sent there is refused as if it went to an absent member: otherwise a damaged file, together with
 * registries that know nobody, would let it leave in clear.
 */
export interface Ownerless {
  /** The fewest prefixes, in order. */
  readonly networks: readonly Prefix[];
  /** The time at which the ledger was found to be unusable, in milliseconds since 1970. */
  readonly since: number;
}

export const noneOwnerless: Ownerless = { networks: [], since: 0 };

/** The most networks of the kind. A mesh has no more networks than that. */
export const mostOwnerless = 32_768;

/** What has passed since the last step, as far as networks without an owner are concerned. */
export interface Passed {
  readonly now: number;
  /** The milliseconds by which the clock was set since the last step. */
  readonly clockSetByMs: number;
  /** Set if this node's clock is known to be behind. Then nobody can tell how long anything has lasted. */
  readonly isClockBehind: boolean;
  /** The milliseconds after which an absent member is released, and so are these networks. */
  readonly forgetAfterMs: number;
}

/** The networks that are still without an owner at this moment. They last as long as an absence does. */
export function stillOwnerless(before: Ownerless, at: Passed): Ownerless {
  if (before.networks.length === 0) return before;
  const isSet = Math.abs(at.clockSetByMs) >= setByMs;
  const since = isSet ? Math.max(0, before.since + at.clockSetByMs) : before.since;
  if (!at.isClockBehind && at.now - since >= at.forgetAfterMs) return noneOwnerless;
  return since === before.since ? before : { ...before, since };
}

/**
 * The networks without an owner after some of them have one, or were let go. Only a connected member is an owner: a mere
 * name that claims a network and then says farewell would open it.
 */
export function withoutOwned(before: Ownerless, owned: readonly Prefix[]): Ownerless {
  if (before.networks.length === 0 || intersect(before.networks, owned).length === 0) return before;
  const networks = subtract(before.networks, owned);
  return networks.length === 0 ? noneOwnerless : { ...before, networks };
}

/** The number of networks that a warning names. */
const mostNamed = 4;

export function ownerlessWarnings({ networks, since }: Ownerless, now: number): Warning[] {
  const [first] = networks;
  if (first === undefined) return [];
  const more = networks.length > mostNamed ? ` and ${networks.length - mostNamed} more` : "";
  const named = `${networks.slice(0, mostNamed).join(", ")}${more}`;
  return [
    {
      who: "the ledger of members",
      what:
        `could not be read ${durationText(Math.max(0, Math.round((now - since) / 1000)))} ago, so it is not known whose ${named} ` +
        `${networks.length === 1 ? "is" : "are"}; what is sent there is refused until its owner is connected. What has no owner any more: ` +
        `kubespan forget NETWORK (such as ${first})`,
    },
  ];
}
