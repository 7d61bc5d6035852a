import type { Logger } from "pino";
import type { KubespanError } from "../../base/index.ts";
import type { Config } from "../../config/index.ts";
import type { Affiliate, Membership } from "../affiliate.ts";
import type { Announcement, Registry, Told } from "../registry.ts";

/** What a session says of itself while it lasts. */
export interface Session {
  /** Everything is known and changes are being watched; what follows the first call is nothing new. */
  connected(): void;
  /** The other side has what this node says, or nothing more is waited for: from now on it is a good session. */
  announced(): void;
  /** `told`, `location` or `problems` gives something else. */
  changed(): void;
}

/** What is a kind of registry's own: how its other side is spoken with, and what is known from it. */
export interface RegistryDriver {
  readonly name: string;
  /** What it connects to, as the log calls it. */
  readonly otherSide: string;
  location(): string;
  told(): Told;
  /** What keeps this node from being announced there as it should be, in words, however well the connection works. */
  problems(): readonly string[];
  publish(announcement: Announcement): void;
  /** One connection, from its beginning to the first thing that fails. Only ever ends by throwing, an abort included. */
  session(session: Session, signal: AbortSignal): Promise<never>;
  /** Like `withdraw` of a registry; no session is on. */
  withdraw(farewell: Affiliate | undefined): Promise<void>;
  /** What a session threw, as a sentence. */
  explain(thrown: unknown): KubespanError;
}

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
