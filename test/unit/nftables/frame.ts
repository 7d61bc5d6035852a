import type { StrictIngress } from "../../../src/config/config.ts";
import type { Prefix } from "../../../src/net/index.ts";
import { noExits } from "../../../src/nftables/index.ts";

/** A table as the daemon asks for it, without targets. */
export const frame = {
  marks: { fromWireGuard: 0x20, toWireGuard: 0x40 },
  interfaceName: "kubespan",
  mtu: 1420,
  listenPort: 51_820,
  answerOutside: true,
  strictIngress: "pods" as StrictIngress,
  registryPorts: [3000],
  acceptedFamilies: [4, 6] as readonly (4 | 6)[] | undefined,
  uplinks: [],
  otherMeshes: [],
  exits: noExits,
  pods: [] as readonly Prefix[],
  tolerated: [] as readonly Prefix[],
  own: [] as readonly Prefix[],
  ownPods: [] as readonly Prefix[],
  isClosed: true,
};
