import { selfFolder } from "./input-file.ts";
import { type RunProgram, runProcess } from "./process.ts";
import { type Runner, runnerWith } from "./run.ts";
import { Shell } from "./shell.ts";

const mostShells = 6;
/** The longest order in characters. A shell reads its orders byte by byte. */
const longestOrder = 4096;

/**
 * Some small shells that start programs for this process. To start a program, the kernel copies the page tables of the
 * starter. That takes milliseconds for a daemon of 100 MB, which does nothing else meanwhile, and next to no time for a
 * shell.
 */
export class Shells {
  readonly #idle: Shell[] = [];
  readonly #waiting: ((shell: Shell | undefined) => void)[] = [];
  readonly #all = new Set<Shell>();
  readonly #folder = selfFolder();
  #closed: boolean;

  /** Makes no shells if they are not used, for comparison; then this process itself starts the programs. */
  constructor({ areUsed = true }: { readonly areUsed?: boolean } = {}) {
    this.#closed = !areUsed;
  }

  readonly run: Runner = runnerWith((...program) => this.runProgram(...program));

  /** Runs a program by a shell, or directly if no shell can be told of it or after `close`. Never rejects. */
  readonly runProgram: RunProgram = async (program, args, timeoutMs, input) => {
    const order = `${[program, ...args].map(quoted).join(" ")} <${this.#pathOf(input)}`;
    // A program with input is a transaction that may close this node: it does not wait for other tools to end.
    const cannotWait = input !== undefined && this.#areAllBusy();
    if (this.#closed || cannotWait || order.length > longestOrder || /[\n\0]/.test(order))
      return runProcess(program, args, timeoutMs, input);
    const shell = await this.#take();
    if (!shell) return runProcess(program, args, timeoutMs, input);
    const ended = await shell.run(order, timeoutMs);
    this.#giveBack(shell);
    return ended ?? runProcess(program, args, timeoutMs, input);
  };

  /** The path under which a shell finds an open file of this process. */
  #pathOf(descriptor: number | undefined): string {
    return descriptor === undefined ? "/dev/null" : `${this.#folder}/fd/${descriptor}`;
  }

  /** Kills the shells and the programs that they run. Resolves when they are gone. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#all].map((shell) => shell.end()));
    this.#all.clear();
  }

  #areAllBusy(): boolean {
    return this.#all.size >= mostShells && !this.#idle.some(({ isAlive }) => isAlive);
  }

  /** Takes a shell; `undefined` if they were closed meanwhile. */
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
