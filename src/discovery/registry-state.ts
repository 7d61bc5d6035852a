import type { Address, Prefix } from "../net/index.ts";
import type { Disowned } from "./own-record.ts";
import type { RefusedAffiliate, Told } from "./registry.ts";

/** Where a registry stands with its other side. */
export type RegistryPhase =
  /** Not started, or told to stop. */
  | { readonly phase: "stopped" }
  /**
   * No answer yet, or the connection was lost and is being made again. The error is the last failure in words, kept
   * until the next success, and whatever else is wrong; absent before anything failed.
   */
  | { readonly phase: "connecting"; readonly error?: string }
  /** The snapshot arrived and changes are being watched. The error is why this node is not announced as it should be. */
  | { readonly phase: "connected"; readonly error?: string }
  /**
   * No registry, but what was known when the daemon last ran, so many seconds ago; in use until the registries have
   * answered.
   */
  | { readonly phase: "cached"; readonly ageSeconds: number };

interface RegistryName {
  readonly name: string;
  /** Where it is: a URL, or a file. */
  readonly location: string;
}

interface RegistryFacts extends RegistryName {
  /** How many other nodes it tells of. */
  readonly affiliates: number;
  readonly refused: readonly RefusedAffiliate[];
  /** The address that the registry sees us at; absent where it does not say so. */
  readonly reflected?: Address;
  /** The address that it was last reached at; absent where that is not known. */
  readonly reachedAt?: Address;
  /** What else it told under this node's id; absent where nothing else was. */
  readonly disowned?: Disowned;
  /** The pod networks that it told for this node; absent where it told none. */
  readonly podNetworks?: readonly Prefix[];
}

/** How a registry does, for `kubespan status`. */
export type RegistryState = RegistryFacts & RegistryPhase;

/** The state of a registry of any kind, made of what it tells. */
export const stateOf = (
  { name, location }: RegistryName,
  told: Pick<Told, "affiliates" | "refused" | "reflected" | "reachedAt" | "disowned" | "podNetworks">,
  phase: RegistryPhase,
): RegistryState => ({
  name,
  location,
  ...phase,
  affiliates: told.affiliates.length,
  refused: told.refused,
  ...(told.reflected !== undefined && { reflected: told.reflected }),
  ...(told.reachedAt !== undefined && { reachedAt: told.reachedAt }),
  ...(told.disowned && { disowned: told.disowned }),
  ...(told.podNetworks !== undefined && told.podNetworks.length > 0 && { podNetworks: told.podNetworks }),
});

/** What an operator has to know of it; `undefined` if all is well. */
export const errorOf = (state: RegistryPhase): string | undefined =>
  "error" in state ? state.error : undefined;
