import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { execa } from "execa";
import { bound } from "./bound.ts";
import { attempt, output, type Result } from "./command.ts";

/**
 * A network namespace with its own mount and host name namespaces. Its /run is private, so that each node has its own
 * WireGuard sockets, daemon socket and files. A sleeping process keeps it alive and ends with this process.
 */
export class Namespace {
  readonly name: string;
  readonly #pid: number;

  private constructor(name: string, pid: number) {
    this.name = name;
    this.#pid = pid;
  }

  static async create(name: string, hostname: string): Promise<Namespace> {
    await output(["ip", "netns", "add", name]);
    const setUp = [
      "mount -t tmpfs -o mode=755 tmpfs /run",
      "mkdir -p /run/lock /run/wireguard",
      `echo ${hostname} > /proc/sys/kernel/hostname`,
      // Addresses are usable at once, and no node asks for routers, as no lab has any.
      "sysctl -eqw net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.default.router_solicitations=0",
      "ip link set lo up",
      "echo ready",
      "exec sleep infinity",
    ].join(" && ");
    const enter = ["ip", "netns", "exec", name, "unshare", "--mount", "--uts", "--propagation", "private"];
    const holder = execa(...bound(...enter, "sh", "-c", setUp), {
      reject: false,
      stdin: "ignore",
      buffer: false,
    });
    const isReady = await Promise.race([
      new Promise<boolean>((resolve) => holder.stdout.once("data", () => resolve(true))),
      holder.then(() => false),
    ]);
    if (!isReady || holder.pid === undefined) throw new Error(`the namespace ${name} could not be set up`);
    return new Namespace(name, holder.pid);
  }

  /**
   * The command line that runs a command in the namespace. It replaces itself, so that the process is the command's.
   */
  enter(argv: readonly string[]): string[] {
    return ["nsenter", "--target", String(this.#pid), "--net", "--mount", "--uts", "--", ...argv];
  }

  run(...argv: string[]): Promise<string> {
    return output(this.enter(argv));
  }

  attempt(...argv: string[]): Promise<Result> {
    return attempt(this.enter(argv));
  }

  /** The path from outside of a file in the namespace. */
  path(inside: string): string {
    return `/proc/${this.#pid}/root${inside}`;
  }

  /** Writes a file in `/run`, the one folder that a namespace has for itself: all others are those of the machine. */
  async write(inside: string, text: string, mode = 0o600): Promise<void> {
    if (!inside.startsWith("/run/")) throw new Error(`${inside} is the machine's own`);
    await mkdir(dirname(this.path(inside)), { recursive: true });
    await writeFile(this.path(inside), text, { mode });
  }

  read(inside: string): string {
    return readFileSync(this.path(inside), "utf8");
  }

  async nft(ruleset: string): Promise<void> {
    await output(this.enter(["nft", "-f", "/dev/stdin"]), ruleset).catch(async () => {
      await this.write("/run/ruleset.nft", ruleset); // some versions of nft cannot open a socket as their input
      await this.run("nft", "-f", "/run/ruleset.nft");
    });
  }

  async sysctl(...settings: string[]): Promise<void> {
    await this.run("sysctl", "--quiet", "--write", ...settings);
  }
}

/**
 * Ends every process in the namespaces and deletes them. It works while this process is ending, so it awaits nothing.
 */
export function destroyNamespaces(names: readonly string[]): void {
  for (const name of names) {
    try {
      for (let round = 0; round < 100 && killAll(name) > 0; round++) execFileSync("sleep", ["0.02"]);
      execFileSync("ip", ["netns", "delete", name], { stdio: "ignore" });
    } catch (error) {
      if (listNamespaces().includes(name)) throw error; // else another lab removed it at the same time
    }
  }
}

function killAll(name: string): number {
  const pids = execFileSync("ip", ["netns", "pids", name], { encoding: "utf8" }).split("\n").filter(Boolean);
  for (const pid of pids) {
    try {
      process.kill(Number(pid), "SIGKILL");
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
    }
  }
  return pids.length;
}

export const listNamespaces = (): string[] =>
  execFileSync("ip", ["netns", "list"], { encoding: "utf8" })
    .split("\n")
    .flatMap((line) => line.split(" ")[0] || []);
