import type { Logger } from "pino";
import type { Config } from "../../config/index.ts";
import type { Membership } from "../affiliate.ts";
import type { Registry } from "../registry.ts";

/** The node that is announced. */
interface RegistryNode {
  readonly nodeId: string;
  /** What it announces of its machine, so that a clone is told from it. */
  readonly origin: Pick<Membership, "machine" | "startedAt">;
  /** What a registry is told we are. */
  readonly clientVersion: string;
  readonly log: Logger;
}

/** A kind of registry, as a configuration asks for it. */
export interface RegistryKind {
  /** What of the configuration makes its registries: while that stays equal, and the cluster too, they serve on. */
  settings(config: Config): unknown;
  /** Those that the configuration asks for; none of them is started. */
  open(config: Config, node: RegistryNode): readonly Registry[];
}
