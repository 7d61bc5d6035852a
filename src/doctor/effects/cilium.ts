import { readdir } from "node:fs/promises";
import { probe } from "../../system/index.ts";
import { ciliumProgramsIn } from "../index.ts";

const devicesFolder = "/sys/fs/bpf/cilium/devices";

/**
 * Finds programs of Cilium at links of the host, as `eth0: cil_from_netdev`, in the traffic control and as links in
 * bpffs.
 */
export async function observeCilium(links: readonly string[], uplinks: readonly string[]): Promise<string[]> {
  if (!links.includes("cilium_host")) return [];
  const classic = await Promise.all(
    uplinks.map(async (link) => {
      const { stdout } = await probe("tc", "filter", "show", "dev", link, "ingress");
      return ciliumProgramsIn(stdout).map((program) => `${link}: ${program}`);
    }),
  );
  const devices = await readdir(devicesFolder).catch(() => []); // the folder exists where Cilium uses tcx
  const pinned = devices.filter((device) => uplinks.includes(device));
  return [...classic.flat(), ...pinned.map((device) => `${device}: ${devicesFolder}/${device}`)];
}
