import type { ObservedBarrier } from "../barrier/index.ts";
import type { ObservedTable, OtherMesh, TableName } from "../nftables/index.ts";
import type { Link, ObservedRouting, ObservedSysctls, OwnAddresses, SavedSysctls } from "../routing/index.ts";
import type { ObservedWireGuard } from "../wireguard/index.ts";

/** The whole state of the kernel that the mesh reads, as it was at one moment. */
export interface Kernel {
  readonly links: readonly Link[];
  readonly addresses: OwnAddresses;
  readonly wireguard: ObservedWireGuard;
  readonly routing: ObservedRouting;
  readonly table: ObservedTable;
  readonly sysctls: ObservedSysctls;
  readonly savedSysctls: SavedSysctls | undefined;
  /** The nft table for racing as nft lists it; `undefined` if there is none. */
  readonly racingTable: string | undefined;
  /** The nft tables for relaying that there are. They are read to be removed only. */
  readonly relayTables?: readonly TableName[];
  readonly barrier: ObservedBarrier;
  /** The other meshes on this node. */
  readonly otherMeshes: readonly OtherMesh[];
}
