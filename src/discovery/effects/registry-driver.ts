import type { Logger } from "pino";
import type { KubespanError } from "../../base/index.ts";
import type { Config } from "../../config/index.ts";
import type { Carriage } from "../../stream/index.ts";
import type { Affiliate, Membership } from "../affiliate.ts";
import type { Announcement, Registry } from "../registry.ts";
import type { Told } from "../told.ts";

/** The events of a session. */
export interface Session {
  /** Reports that everything is known and changes are being watched. Further calls mean nothing new. */
  connected(): void;
  /**
   * Reports that the other side has this node's announcement, or that none is expected. From then on the session is
   * good.
   */
  announced(): void;
  /** Reports that `told`, `location` or `problems` gives something else. */
  changed(): void;
}

/** The part of a registry that depends on its kind: the conversation with the other side, and the results of it. */
export interface RegistryDriver {
  readonly name: string;
  /** The name of the other side in the log. */
  readonly otherSide: string;
  location(): string;
  told(): Told;
  /** The reasons why this node is not announced there as it should be, however well the connection works. */
  problems(): readonly string[];
  publish(announcement: Announcement): void;
  /** Runs one connection, from its beginning to the first failure. Ends only by throwing, also when it is aborted. */
  session(session: Session, signal: AbortSignal): Promise<never>;
  /** Withdraws this node, as `withdraw` of a registry does, while no session is running. */
  withdraw(farewell: Affiliate | undefined): Promise<void>;
  /** Takes another node's record out, as `takeOut` of a registry does. */
  takeOut?(nodeId: string): Promise<void>;
  /** Makes a sentence of an error that a session threw. */
  explain(thrown: unknown): KubespanError;
  /** The milliseconds for which the other side asked to be left alone, if it did. */
  waitMs?(thrown: unknown): number | undefined;
}

/** The node that is announced. */
interface RegistryNode {
  readonly nodeId: string;
  /** The facts about the machine that the node announces, by which a clone is recognized. */
  readonly origin: Pick<Membership, "machine" | "startedAt">;
  /** The version by which this program introduces itself to a registry. */
  readonly clientVersion: string;
  /** The carriage for packets of this node, where a registry offers it; absent where none is wanted. */
  readonly carriage?: Carriage | undefined;
  readonly log: Logger;
}

/** A kind of registry, as a configuration asks for it. */
export interface RegistryKind {
  /** The part of the configuration that makes the registries. They keep running while it and the cluster stay equal. */
  settings(config: Config): unknown;
  /** Makes the registries that the configuration asks for, without starting them. */
  open(config: Config, node: RegistryNode): readonly Registry[];
}
