import type { Address, Prefix } from "../net/index.ts";
import type { Disowned } from "./own-record.ts";
import type { RefusedAffiliate, Told } from "./told.ts";

/** The state of a registry's connection. */
export type RegistryPhase =
  /** The registry was not started, or was stopped. */
  | { readonly phase: "stopped" }
  /**
   * There is no answer yet, or the connection was lost and is being made again. The error is the last failure in words,
   * kept until the next success, with any other problems; absent before anything failed.
   */
  | { readonly phase: "connecting"; readonly error?: string }
  /**
   * The snapshot arrived and changes are being watched. The error is the reason why this node is not announced as it
   * should be.
   */
  | { readonly phase: "connected"; readonly error?: string }
  /**
   * There is no registry, but the knowledge of so many seconds ago, when the daemon last ran. It is used until the
   * registries have answered.
   */
  | { readonly phase: "cached"; readonly ageSeconds: number };

interface RegistryName {
  readonly name: string;
  /** The location of the registry: a URL, or a file. */
  readonly location: string;
}

interface RegistryFacts extends RegistryName {
  /** The number of other nodes that the registry tells of. */
  readonly affiliates: number;
  readonly refused: readonly RefusedAffiliate[];
  /** The address at which the registry sees this node; absent if it does not tell. */
  readonly reflected?: Address;
  /** The address at which the registry was last reached; absent if it is not known. */
  readonly reachedAt?: Address;
  /** The foreign statements of the registry under this node's id; absent if there were none. */
  readonly disowned?: Disowned;
  /** The pod networks that the registry told for this node; absent if it told none. */
  readonly podNetworks?: readonly Prefix[];
}

/** The state of a registry, for `kubespan status`. */
export type RegistryState = RegistryFacts & RegistryPhase;

/** Makes the state of a registry of any kind from its statements. */
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

/** The problem of a registry for the operator; `undefined` if all is well. */
export const errorOf = (state: RegistryPhase): string | undefined =>
  "error" in state ? state.error : undefined;
