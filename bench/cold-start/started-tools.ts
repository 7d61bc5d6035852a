import { accessSync, chmodSync, constants, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LabNode } from "../../lab/index.ts";

const list = "/run/started-tools";
const folders = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"];
/** The tools that a daemon may start. */
const tools = [
  "bpftool",
  "ip",
  "modprobe",
  "nft",
  "sh",
  "sysctl",
  "systemd-notify",
  "tc",
  "wg",
  "wireguard-go",
];

/**
 * Does something with a search path on which each tool notes its name before it begins. That takes time of its own, so
 * nothing else is measured meanwhile.
 */
export async function withNotedTools<Value>(act: () => Promise<Value>): Promise<Value> {
  const [folder, path] = [mkdtempSync(join(tmpdir(), "cold-start-")), process.env["PATH"]];
  try {
    for (const tool of tools) {
      const real = folders.map((place) => join(place, tool)).find(isProgram);
      if (!real) continue;
      writeFileSync(join(folder, tool), `#!/bin/dash\necho ${tool} >>${list}\nexec ${real} "$@"\n`);
      chmodSync(join(folder, tool), 0o755);
    }
    process.env["PATH"] = [folder, path].join(":");
    return await act();
  } finally {
    process.env["PATH"] = path;
    rmSync(folder, { recursive: true });
  }
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The number of programs that were started on a node, by name. */
export function startedOn({ namespace }: LabNode): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const name of namespace.read(list).trim().split("\n")) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}
