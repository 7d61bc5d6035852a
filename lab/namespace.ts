import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { execa } from "execa";
import { bound } from "./bound.ts";
import { attempt, output, type Result } from "./command.ts";
import { membersOf, removeControlGroups } from "./control-groups.ts";

/** What a namespace has beside a network, mounts and a host name of its own. */
export interface Kind {
  /** The options of `unshare` for further namespaces. */
  readonly unshare: readonly string[];
  /** The options of `nsenter` for the same; the process is the one that keeps the namespace alive. */
  readonly enter: (pid: number) => readonly string[];
  /** The words before every command that is run in it. */
  readonly before: readonly string[];
  /** Makes a command line such that the process is in the namespace's control groups, too. */
  readonly wrap: (argv: readonly string[]) => string[];
  /** The commands of a shell that set it up. */
  readonly setUp: readonly string[];
  /** The folders of the root that are private, apart from /run. */
  readonly ownFolders: readonly string[];
  /** The command of a shell that keeps it alive when it is set up. */
  readonly program: string;
}

/** The kind of most namespaces, which have nothing beside. */
export const plain: Kind = {
  unshare: [],
  enter: () => [],
  before: [],
  wrap: (argv) => [...argv],
  setUp: [],
  ownFolders: [],
  program: "sleep infinity",
};

/**
 * A network namespace with its own mount and host name namespaces. Its /run is private, so that each node has its own
 * WireGuard sockets, daemon socket and files. A sleeping process keeps it alive and ends with this process.
 */
export class Namespace {
  readonly name: string;
  readonly #pid: number;
  readonly #kind: Kind;

  private constructor(name: string, pid: number, kind: Kind) {
    this.name = name;
    this.#pid = pid;
    this.#kind = kind;
  }

  static async create(name: string, hostname: string, kind = plain): Promise<Namespace> {
    await output(["ip", "netns", "add", name]);
    const setUp = [
      "mount -t tmpfs -o mode=755 tmpfs /run",
      "mkdir -p /run/lock /run/wireguard",
      `echo ${hostname} > /proc/sys/kernel/hostname`,
      // Addresses are usable at once, and no node asks for routers, as no lab has any.
      "sysctl -eqw net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.default.router_solicitations=0",
      "ip link set lo up",
      ...kind.setUp,
      "echo ready",
      `exec ${kind.program}`,
    ].join(" && ");
    const unshare = ["unshare", "--mount", "--uts", ...kind.unshare, "--propagation", "private"];
    const enter = ["ip", "netns", "exec", name, ...unshare, "sh", "-c", setUp];
    const holder = execa(...bound(...kind.wrap(enter)), { reject: false, stdin: "ignore", buffer: false });
    let complaint = "";
    holder.stderr.on("data", (chunk: Buffer) => {
      complaint += chunk.toString();
    });
    const isReady = await Promise.race([
      new Promise<boolean>((resolve) => holder.stdout.once("data", () => resolve(true))),
      holder.then(() => false),
    ]);
    if (!isReady || holder.pid === undefined)
      throw new Error(`the namespace ${name} could not be set up: ${complaint.trim()}`);
    return new Namespace(name, holder.pid, kind);
  }

  /**
   * The command line that runs a command in the namespace. It replaces itself, so that the process is the command's.
   */
  enter(argv: readonly string[]): string[] {
    const { enter, before, wrap } = this.#kind;
    const namespaces = ["--net", "--mount", "--uts", ...enter(this.#pid)];
    return wrap(["nsenter", "--target", String(this.#pid), ...namespaces, "--", ...before, ...argv]);
  }

  run(...argv: string[]): Promise<string> {
    return output(this.enter(argv));
  }

  attempt(...argv: string[]): Promise<Result> {
    return attempt(this.enter(argv));
  }

  /** Kills all that runs in the namespace and in its control groups. Gives how many processes there were. */
  kill(): number {
    return killAll(this.name, this.#pid);
  }

  /** The path from outside of a file in the namespace. */
  path(inside: string): string {
    return `/proc/${this.#pid}/root${inside}`;
  }

  /** Writes a file in a folder that the namespace has for itself, as `/run` is: all others are those of the machine. */
  async write(inside: string, text: string, mode = 0o600): Promise<void> {
    const own = ["run", ...this.#kind.ownFolders];
    if (!own.some((folder) => inside.startsWith(`/${folder}/`)))
      throw new Error(`${inside} is the machine's own`);
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
 * Ends every process in the namespaces and deletes them. It works while this process is ending, so it awaits nothing. What
 * goes wrong with one of them is thrown when the others are gone.
 */
export function destroyNamespaces(names: readonly string[]): void {
  const errors: unknown[] = [];
  for (const name of names) {
    try {
      for (let round = 0; round < 500 && killAll(name) > 0; round++) execFileSync("sleep", ["0.02"]);
      removeControlGroups(name);
      execFileSync("ip", ["netns", "delete", name], { stdio: "ignore" });
    } catch (error) {
      if (listNamespaces().includes(name)) errors.push(error); // else another lab removed it at the same time
    }
  }
  if (errors.length > 0) throw errors[0];
}

function killAll(name: string, spared?: number): number {
  const inside = execFileSync("ip", ["netns", "pids", name], { encoding: "utf8" })
    .split("\n")
    .filter(Boolean);
  const pids = new Set([...inside.map(Number), ...membersOf(name)]);
  if (spared !== undefined) pids.delete(spared);
  for (const pid of pids) {
    try {
      process.kill(pid, "SIGKILL");
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
    }
  }
  return pids.size;
}

export const listNamespaces = (): string[] =>
  execFileSync("ip", ["netns", "list"], { encoding: "utf8" })
    .split("\n")
    .flatMap((line) => line.split(" ")[0] || []);
