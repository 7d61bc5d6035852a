import { existsSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { execa, type ResultPromise } from "execa";
import { bound } from "../../lab/bound.ts";

/** A folder of the host that the guest can mount under `tag`. */
export interface SharedFolder {
  readonly tag: string;
  readonly folder: string;
  /** `live`: what the host changes meanwhile is seen; `fixed`: the guest may keep what it has read. */
  readonly contents: "live" | "fixed";
}

const socketTimeoutMs = 30_000;

/** Two programs of one name: QEMU's own in older releases, in newer ones a rewrite with other options. */
const daemons = [
  {
    program: "/usr/lib/qemu/virtiofsd",
    options: (folder: string, cache: string) => ["-o", `source=${folder},sandbox=chroot,cache=${cache}`],
  },
  {
    program: "/usr/libexec/virtiofsd",
    options: (folder: string, cache: string) => [
      `--shared-dir=${folder}`,
      "--sandbox=chroot",
      `--cache=${cache}`,
    ],
  },
];

/** Starts a daemon that serves `share` on the socket `path`; `ready` waits until a machine can connect. */
export function serveFolder(share: SharedFolder, path: string): BoundProcess {
  const daemon = daemons.find(({ program }) => existsSync(program));
  if (daemon === undefined)
    throw new Error(
      `no ${daemons.map(({ program }) => program).join(" or ")}: run scripts/install-packages --vm`,
    );
  const options = daemon.options(share.folder, share.contents === "live" ? "auto" : "always");
  const args = [daemon.program, `--socket-path=${path}`, "--thread-pool-size=2", ...options];
  return startBound(args);
}

export async function socketReady(daemon: BoundProcess, path: string): Promise<void> {
  const deadline = performance.now() + socketTimeoutMs;
  while (!existsSync(path)) {
    if (daemon.exitCode !== null || performance.now() > deadline) {
      daemon.kill();
      throw new Error(`virtiofsd offers no socket: ${(await daemon).all}`);
    }
    await wait(20);
  }
}

/** A process that dies with this one, even if this one is killed. */
export type BoundProcess = ResultPromise<typeof boundOptions>;

const boundOptions = { stdin: "ignore", all: true, reject: false } as const;

export function startBound(command: readonly string[]): BoundProcess {
  return execa(...bound(...command), boundOptions);
}
