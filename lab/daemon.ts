import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import type { Status } from "../src/api/status.ts";
import type { Result } from "./command.ts";
import { type ConfigOptions, configText } from "./config.ts";
import type { Namespace } from "./namespace.ts";
import { waitFor } from "./wait.ts";

/** The program as it is installed, built before. */
export const kubespan = fileURLToPath(new URL("../bin/kubespan", import.meta.url));

const configFile = "/run/kubespan.yaml";

/** It dies with us, like everything in the lab. */
const launch = (args: readonly string[]) => execa("setpriv", args, { reject: false, stdio: "ignore" });

/** A process in a namespace with its output in a file. */
export class Service {
  readonly #namespace: Namespace;
  readonly #log: string;
  readonly #argv: readonly string[];
  #child: ReturnType<typeof launch> | undefined;

  constructor(namespace: Namespace, name: string, argv: readonly string[]) {
    this.#namespace = namespace;
    this.#log = `/run/${name}.log`;
    this.#argv = argv;
  }

  /** The shell replaces itself: the process is the program, with its output in the file. */
  start(): Promise<void> {
    const shell = ["sh", "-c", 'log=$1; shift; exec "$@" >>"$log" 2>&1', "sh", this.#log, ...this.#argv];
    const args = ["--pdeathsig", "KILL", "--", ...this.#namespace.enter(shell)];
    this.#child = launch(args);
    return Promise.resolve();
  }

  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error("it does not run");
    return pid;
  }

  signal(name: NodeJS.Signals): void {
    process.kill(this.pid, name);
  }

  /** Sends a signal and waits for the end; gives the exit code, if it was no signal that ended it. */
  async stop(name: NodeJS.Signals = "SIGTERM"): Promise<number | undefined> {
    this.signal(name);
    return this.ended();
  }

  /** Waits for the process to end by itself. */
  async ended(): Promise<number | undefined> {
    const result = await this.#child;
    this.#child = undefined;
    return result?.exitCode;
  }

  log(): Promise<string> {
    return readFile(this.#namespace.path(this.#log), "utf8");
  }
}

/** `kubespan run` on a node, and the commands an operator types there. */
export class Daemon extends Service {
  readonly name: string;
  readonly #namespace: Namespace;

  constructor(name: string, namespace: Namespace) {
    super(namespace, "daemon", [kubespan, "run", "--config", configFile]);
    this.name = name;
    this.#namespace = namespace;
  }

  configure(options: ConfigOptions): Promise<void> {
    const daemon = { ...options.daemon, node: { name: this.name, ...options.daemon?.["node"] } };
    return this.#namespace.write(configFile, configText({ ...options, daemon }));
  }

  /** `kubespan COMMAND --config FILE ...` */
  command(name: string, ...args: string[]): Promise<Result> {
    return this.#namespace.attempt(kubespan, name, "--config", configFile, ...args);
  }

  async status(): Promise<Status> {
    const { exitCode, stdout, stderr } = await this.command("status", "-o", "json");
    if (exitCode !== 0) throw new Error(stderr);
    return JSON.parse(stdout) as Status;
  }

  /** Waits until the daemon answers and its status is as wanted. */
  waitForStatus(what: string, isAsWanted: (status: Status) => boolean): Promise<Status> {
    return waitFor(
      async () => {
        const status = await this.status();
        return isAsWanted(status) && status;
      },
      { what: `${what} on ${this.name}`, describe: () => this.#picture() },
    );
  }

  /** Waits until exactly these peers, and no others, are up. */
  waitForPeers(...names: string[]): Promise<Status> {
    const wanted = names.toSorted().join();
    return this.waitForStatus(`the peers ${wanted}`, ({ peers }) => {
      const up = peers.filter(({ state }) => state === "up").map(({ label }) => label);
      return peers.length === names.length && up.toSorted().join() === wanted;
    });
  }

  async #picture(): Promise<string> {
    const { stdout, stderr } = await this.command("status");
    return `${stdout}${stderr}\n--- log\n${(await this.log()).slice(-6000)}`;
  }
}
