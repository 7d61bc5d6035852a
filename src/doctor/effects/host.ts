import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { exists, probe, readKernelSetting, readOsRelease } from "../../system/index.ts";
import type { Distribution } from "../distribution.ts";
import {
  distributionOf,
  type Facts,
  flavourFiles,
  flavoursOf,
  linkSettings,
  parseSynchronised,
  sysctlsOfInterest,
} from "../index.ts";
import { textOf } from "./files.ts";

export const observeDistribution = async (): Promise<Distribution> => distributionOf(await readOsRelease());

export async function observeFlavours(): Promise<Facts["flavours"]> {
  const paths = Object.values(flavourFiles).flat();
  const found = await Promise.all(paths.map(exists));
  return flavoursOf(new Set(paths.filter((_, index) => found[index])));
}

/** Reads sysctls from /proc, which works even if the tool is not installed. */
export async function observeSysctls(links: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const values = await Promise.all(
    [...sysctlsOfInterest, ...linkSettings(links)].map(
      async (key) => [key, await readKernelSetting(key).catch(() => undefined)] as const,
    ),
  );
  return new Map(values.flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const])));
}

export async function observeClock(): Promise<Facts["clock"]> {
  const [answer, program] = await Promise.all([
    probe("timedatectl", "show"),
    stat(import.meta.filename).catch(() => undefined),
  ]);
  return {
    now: Date.now(),
    installedAt: program?.mtimeMs ?? 0,
    synchronised: answer.succeeded ? parseSynchronised(answer.stdout) : undefined,
  };
}

const networkdFolders = ["/etc/systemd/networkd.conf.d", "/usr/lib/systemd/networkd.conf.d"];
const keepsRules = /^\s*ManageForeignRoutingPolicyRules\s*=\s*(?:no|false|0|off)\s*$/im;

/** Reads ManageForeignRoutingPolicyRules, see networkd.conf(5). */
export async function observeNetworkd(): Promise<boolean> {
  if (!(await exists("/run/systemd/netif/state"))) return false;
  const dropIns = await Promise.all(
    networkdFolders.map(async (folder) =>
      (await readdir(folder).catch(() => [])).map((name) => join(folder, name)),
    ),
  );
  const texts = await Promise.all(["/etc/systemd/networkd.conf", ...dropIns.flat()].map(textOf));
  return !texts.some((text) => text !== undefined && keepsRules.test(text));
}
