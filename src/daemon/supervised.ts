import { KubespanError } from "../base/index.ts";
import type { Config } from "../config/index.ts";
import { missingCapabilities } from "../system/index.ts";
import type { Mesh } from "./mesh.ts";

/**
 * Checks the capabilities of this process. Throws `KubespanError("privilege")` where the kernel would refuse the
 * actions that this command needs, even to root.
 */
export async function checkPrivilege(command: string): Promise<void> {
  const missing = await missingCapabilities("net_admin");
  if (missing.length === 0) return;
  throw new KubespanError("privilege", `kubespan ${command} needs root, or CAP_NET_ADMIN`, {
    hint: "it deals with WireGuard, nftables and routes: run it as root, or as kubespan.service does",
  });
}

/** Describes the state of this node in a line. */
export function summaryOf({ enabled }: Config, mesh: Mesh): string {
  if (!enabled) return "the mesh is off in the configuration";
  const { failure } = mesh.outcome;
  const connections = [...mesh.memory.peers.connections.values()];
  const up = connections.filter(({ phase }) => phase !== "connecting").length;
  return `${up} of ${connections.length} peers up${failure ? `; failing: ${failure.error}` : ""}`;
}
