import type { Logger } from "pino";
import type { Config } from "../config/index.ts";
import type { Identity } from "../identity/index.ts";
import type { Decision, Kernel } from "../mesh/index.ts";
import type { TableOwner } from "../nftables/effects/index.ts";
import type { Steered } from "../nftables/index.ts";
import type { LastWorkingFile } from "../peers/effects/index.ts";
import type { PortMapper } from "../port-mapping/effects/index.ts";
import type { HostNameWatch, NumberFile } from "../self/effects/index.ts";
import type { Origin, Self } from "../self/index.ts";
import type { ReadSetting, Runner } from "../system/index.ts";
import type { Implementation, ObservedDevice } from "../wireguard/index.ts";
import type { Membership } from "./membership.ts";
import type { OwnPods } from "./own-pods.ts";
import type { OpenRacer } from "./racing.ts";
import type { Registries } from "./registries.ts";
import type { RegistryWays } from "./registry-ways.ts";
import type { Repairs } from "./repairs.ts";
import type { SecondBarrier } from "./second-barrier.ts";

/** The parts of a mesh with one configuration. */
export interface MeshParts {
  readonly config: Config;
  readonly identity: Identity;
  readonly self: Self;
  readonly registries: Registries;
  readonly ways: RegistryWays;
  readonly membership: Membership;
  readonly number: NumberFile;
  readonly hostNames: HostNameWatch;
  /** Absent where the configuration asks for no port mapping. */
  readonly portMapper?: PortMapper;
  readonly origin: Origin;
  readonly lastWorking: LastWorkingFile;
  readonly ownPods: OwnPods;
  readonly repairs: Repairs;
  readonly barrier: SecondBarrier;
  /** The process that owns the table, where one can. */
  readonly owner: Pick<TableOwner, "ownership">;
  readonly run: Runner;
  readonly log: Logger;
  /** The present time in milliseconds since 1970. */
  readonly clock: () => number;
  /** Reads settings of the kernel; those of this machine if nothing else is given. */
  readonly readSetting?: ReadSetting;
  /** Opens the racer; one with real sockets if nothing else is given. */
  readonly openRacer?: OpenRacer;
}

/** The last complete pass, on which a poll of the handshakes builds, and which `status` shows. */
export interface Pass {
  readonly decision: Decision;
  readonly kernel: Kernel;
  readonly implementation: Implementation;
  readonly device: ObservedDevice | undefined;
  readonly steered: Steered;
}

/** The end of a poll of the peers alone; `news` asks for a pass that decides anew. */
export type PollEnd =
  | { readonly kind: "done"; readonly wakeInMs: number | undefined }
  | { readonly kind: "news" };
