import { realpathSync } from "node:fs";
import { type RunProgram, runProcess } from "./process.ts";
import { type Runner, runnerWith } from "./run.ts";
import { Shell } from "./shell.ts";

const mostShells = 6;
/** A shell reads its orders byte by byte. */
const longestOrder = 4096;

/**
 * Some small shells that start programs for this process. To start one, the kernel copies the page tables of whoever
 * does it: milliseconds for a daemon of 100 MB, in which nothing else happens, and next to nothing for a shell.
 */
export class Shells {
  readonly #idle: Shell[] = [];
  readonly #waiting: ((shell: Shell | undefined) => void)[] = [];
  readonly #all = new Set<Shell>();
  /** This process's own folder, by the number that it has for whoever mounted /proc. */
  readonly #folder = realpathSync("/proc/self");
  #closed: boolean;

  /** Without shells, for comparison: programs are started by this process itself. */
  constructor({ areUsed = true }: { readonly areUsed?: boolean } = {}) {
    this.#closed = !areUsed;
  }

  readonly run: Runner = runnerWith((...program) => this.runProgram(...program));

  /** What no shell can be told, and everything after `close`, is run without. Never rejects. */
  readonly runProgram: RunProgram = async (program, args, timeoutMs, input) => {
    const order = `${[program, ...args].map(quoted).join(" ")} <${this.#pathOf(input)}`;
    if (this.#closed || order.length > longestOrder || /[\n\0]/.test(order))
      return runProcess(program, args, timeoutMs, input);
    const shell = await this.#take();
    if (!shell) return runProcess(program, args, timeoutMs, input);
    const ended = await shell.run(order, timeoutMs);
    this.#giveBack(shell);
    return ended ?? runProcess(program, args, timeoutMs, input);
  };

  /** Where a shell finds what is open here. */
  #pathOf(descriptor: number | undefined): string {
    return descriptor === undefined ? "/dev/null" : `${this.#folder}/fd/${descriptor}`;
  }

  /** Resolves when the shells are gone, with what they were running. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#all].map((shell) => shell.end()));
    this.#all.clear();
  }

  /** `undefined` when they were closed meanwhile. */
  #take(): Promise<Shell | undefined> {
    for (let idle = this.#idle.pop(); idle; idle = this.#idle.pop()) {
      if (idle.isAlive) return Promise.resolve(idle);
      this.#all.delete(idle);
    }
    if (this.#all.size >= mostShells) return new Promise((resolve) => this.#waiting.push(resolve));
    return Promise.resolve(this.#start());
  }

  #start(): Shell {
    const shell = new Shell();
    this.#all.add(shell);
    return shell;
  }

  #giveBack(used: Shell): void {
    if (!used.isAlive) this.#all.delete(used);
    const next = this.#waiting.shift();
    if (next && this.#closed) next(undefined);
    else if (next) next(used.isAlive ? used : this.#start());
    else if (used.isAlive) this.#idle.push(used);
  }
}

const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;
