import type { Ours } from "../../../src/marks/index.ts";

export const ours: Ours = {
  interfaceName: "kubespan",
  marks: { fromWireGuard: 0x20, toWireGuard: 0x40 },
  table: 180,
  priority: 32500,
};
