import { execa } from "execa";

const root = new URL("../../../", import.meta.url).pathname;

/**
 * Stands for a whole machine: network, processes, host name, and own folders for what a node keeps. Its first process
 * ends when this one does, whatever the reason, and the kernel then ends everything else in it.
 */
export interface Node {
  /** Of its first process, as seen from here. */
  readonly pid: number;
  /** Runs a shell script in the checkout, as the reader of the README would. */
  shell(script: string): Promise<{ readonly exitCode?: number; readonly all: string }>;
  remove(): Promise<void>;
}

const setUp = `set -e
hostname "$0"
mount -t tmpfs run /run
mount -t tmpfs state /var/lib
cp -a /etc /run/etc
mount --bind /run/etc /etc
ip link set lo up
echo ready
exec cat`;

export async function makeNode(name: string): Promise<Node> {
  const spaces = ["--net", "--mount", "--uts", "--ipc", "--pid", "--fork", "--kill-child", "--mount-proc"];
  const keeper = execa("unshare", [...spaces, "sh", "-c", setUp, name], { stdin: "pipe", reject: false });
  const ready = new Promise<void>((resolve) => {
    keeper.stdout.once("data", () => resolve());
  });
  const failed = keeper.then(({ stderr }) => {
    throw new Error(`no namespaces for ${name}: ${stderr}`);
  });
  await Promise.race([ready, failed]);
  const { stdout } = await execa("pgrep", ["-P", `${keeper.pid}`]);
  const pid = Number(stdout);
  return {
    pid,
    shell: (script) =>
      execa("nsenter", ["-t", `${pid}`, "--all", "--", "sh", "-euc", `cd ${root}\n${script}`], {
        reject: false,
        all: true,
        stdin: "ignore",
      }),
    remove: async () => {
      keeper.stdin.end();
      await failed.catch(() => undefined);
    },
  };
}
