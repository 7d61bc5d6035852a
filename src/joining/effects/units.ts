import { access } from "node:fs/promises";
import { probe, run } from "../../system/index.ts";

/** The units of the packages. */
export const units = {
  daemon: "kubespan.service",
  barrier: "kubespan-barrier.service",
  discovery: "kubespan-discovery.service",
} as const;

/** Whether systemd runs here and has the units of the packages. */
export async function hasUnits(): Promise<boolean> {
  const isThere = await access("/run/systemd/system").then(
    () => true,
    () => false,
  );
  return isThere && (await probe("systemctl", "cat", units.daemon)).succeeded;
}

/**
 * Starts units now and at each boot. It does not wait until they have started, which takes as long as the mesh needs; one
 * that runs already is started anew.
 */
export async function startUnits(...names: readonly string[]): Promise<void> {
  await run({ program: "systemctl", args: ["enable", ...names] });
  await run({ program: "systemctl", args: ["restart", "--no-block", ...names] });
}

export const disableUnits = (...names: readonly string[]): Promise<string> =>
  run({ program: "systemctl", args: ["disable", ...names] });

export const isActive = async (name: string): Promise<boolean> =>
  (await probe("systemctl", "is-active", name)).succeeded;
