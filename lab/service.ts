import { readFile } from "node:fs/promises";
import { execa } from "execa";
import { bound } from "./bound.ts";
import type { Namespace } from "./namespace.ts";
import { waitFor } from "./wait.ts";

/** A long-running process in a namespace, with its output in a file there. It ends with this process. */
export class Service {
  readonly #namespace: Namespace;
  readonly #name: string;
  readonly #log: string;
  readonly #argv: readonly string[];
  readonly #ready: string | undefined;
  #child: ReturnType<typeof launch> | undefined;

  /** `ready` are words that the process logs when it can be used. */
  constructor(namespace: Namespace, name: string, argv: readonly string[], ready?: string) {
    this.#namespace = namespace;
    this.#name = name;
    this.#log = `/run/${name}.log`;
    this.#argv = argv;
    this.#ready = ready;
  }

  /** Starts the process. Where it is known what it logs then, it can be used when this resolves. */
  async start(): Promise<void> {
    const ready = this.#ready;
    const before = ready === undefined ? "" : await this.log().catch(() => ""); // there is no log before the first start
    this.#launch();
    if (ready === undefined) return;
    await waitFor(async () => (await this.log()).slice(before.length).includes(ready), {
      what: `${this.#name} to be ready`,
      describe: async () => (await this.log()).slice(-4000),
    });
  }

  /** The shell replaces itself with the program. */
  #launch(): void {
    const shell = ["sh", "-c", 'log=$1; shift; exec "$@" >>"$log" 2>&1', "sh", this.#log, ...this.#argv];
    this.#child = launch(this.#namespace.enter(shell));
  }

  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error("it does not run");
    return pid;
  }

  signal(name: NodeJS.Signals): void {
    process.kill(this.pid, name);
  }

  /** Sends a signal and waits for the end. Gives the exit code, unless a signal ended the process. */
  async stop(name: NodeJS.Signals = "SIGTERM"): Promise<number | undefined> {
    this.signal(name);
    return this.ended();
  }

  /** Waits until the process ends by itself. */
  async ended(): Promise<number | undefined> {
    const result = await this.#child;
    this.#child = undefined;
    return result?.exitCode;
  }

  log(): Promise<string> {
    return readFile(this.#namespace.path(this.#log), "utf8");
  }
}

const launch = (argv: readonly string[]) => execa(...bound(...argv), { reject: false, stdio: "ignore" });
