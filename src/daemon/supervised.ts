import { errorText, KubespanError } from "../base/index.ts";
import type { Config } from "../config/index.ts";
import { missingCapabilities, run, ServiceManager } from "../system/index.ts";
import type { Parts } from "./compose.ts";
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

/** The connection to systemd, if it started this daemon. */
export const managerOf = ({ log }: Pick<Parts, "log">): ServiceManager =>
  new ServiceManager({
    environment: process.env,
    run, // not by a shell: shells do not have the address of systemd
    clock: () => Date.now(),
    onError: (error) => log.warn(`systemd was not told how the daemon is: ${errorText(error)}`),
  });

/** Describes the state of this node in a line. */
export function summaryOf({ enabled }: Config, mesh: Mesh): string {
  if (!enabled) return "the mesh is off in the configuration";
  const { failure } = mesh.outcome;
  const { up, all } = mesh.peersUp;
  return `${up} of ${all} peers up${failure ? `; failing: ${failure.error}` : ""}`;
}
