import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { bound } from "../../lab/bound.ts";
import { goBuild } from "../../lab/go.ts";

/** A Go program out of ./go, built outside the tree. Its modules are pinned by go.sum. */
export class Program {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async build(): Promise<Program> {
    const program = new Program(await mkdtemp(join(tmpdir(), "kubespan-interop-")));
    await goBuild({ folder: join(import.meta.dirname, "go"), package: ".", output: program.#file });
    return program;
  }

  get #file(): string {
    return join(this.#folder, "interop");
  }

  start(...args: string[]): Running {
    return new Running(this.#file, args);
  }

  remove(): Promise<void> {
    return rm(this.#folder, { recursive: true, force: true });
  }
}

/** The program at work, and the lines of JSON that it has printed. */
export class Running {
  readonly lines: unknown[] = [];
  readonly #process: ReturnType<typeof launch>;
  #errors = "";

  constructor(file: string, args: readonly string[]) {
    this.#process = launch(file, args);
    let rest = "";
    this.#process.stdout.on("data", (chunk: Buffer) => {
      const parts = (rest + chunk.toString()).split("\n");
      rest = parts.pop() ?? "";
      this.lines.push(...parts.map((part) => JSON.parse(part) as unknown));
    });
    this.#process.stderr.on("data", (chunk: Buffer) => {
      this.#errors += chunk.toString();
    });
  }

  get errors(): string {
    return this.#errors;
  }

  /** Ends its input: a client then leaves. */
  endInput(): void {
    this.#process.stdin.end();
  }

  async kill(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#process;
  }
}

const launch = (file: string, args: readonly string[]) =>
  execa(...bound(file, ...args), { reject: false, buffer: false });
