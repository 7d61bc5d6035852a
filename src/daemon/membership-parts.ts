import type { Logger } from "pino";
import type { Config } from "../config/index.ts";
import type { Identity } from "../identity/index.ts";
import type { LedgerFile } from "../members/effects/index.ts";
import type { NumberFile } from "../self/effects/index.ts";
import type { Self } from "../self/index.ts";
import type { Evictions } from "./evictions.ts";
import type { SecretChange } from "./secret-change.ts";

/** What the list of members rests on. */
export interface MembershipParts {
  readonly config: Config;
  readonly self: Self;
  readonly number: NumberFile;
  readonly identity: Identity;
  readonly ledger: LedgerFile;
  readonly evictions: Evictions;
  readonly secretChange: SecretChange;
  /** Whether the ledger is written, and not only read. */
  readonly isKept: boolean;
  readonly log: Logger;
  /** The present time in milliseconds since 1970. */
  readonly clock: () => number;
  /** The milliseconds of a clock that nobody sets. Without it, nobody notices when the other clock is set. */
  readonly ticks?: () => number;
}
