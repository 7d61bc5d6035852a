import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { errorText, KubespanError, notInstalled } from "../../base/index.ts";
import { startCompanion } from "../../system/index.ts";

/** Whom a line is about: this program, or others whose use of marks may have changed. */
type Concern = "us" | "us, urgently" | "others" | "us and others";

interface MonitorOptions {
  readonly program: "ip" | "nft";
  readonly args: readonly string[];
  readonly concerns: (line: string) => Concern | undefined;
  /** Of a tool that ends each change with who made it: whether the line is such an end, and the change was ours. */
  readonly endOf?: (line: string) => "ours" | "theirs" | undefined;
  readonly onChange: (isUrgent: boolean) => void;
  readonly onOthers: () => void;
  readonly onError: (error: KubespanError) => void;
}

const firstPauseMs = 250;
const longestPauseMs = 30_000;
const soundAfterMs = 10_000; // one that ran as long starts again after the shortest pause
const longestLine = 64 * 1024; // of a line, only its beginning can tell what it is about
const endAfterMs = 100; // a change without an end by then is told of all the same

/**
 * Keeps a tool running that prints a line for each change in the kernel. When it dies, its death is reported, it is
 * started again after a pause that doubles, and a change is reported, since nobody has seen what happened meanwhile.
 */
export class Monitor {
  readonly #options: MonitorOptions;
  /** What the change that is being read concerns. */
  readonly #concerned = new Set<Concern>();
  #child: ChildProcess | undefined;
  #timer: NodeJS.Timeout | undefined;
  #end: NodeJS.Timeout | undefined;
  #pauseMs = firstPauseMs;
  #stopped = false;

  constructor(options: MonitorOptions) {
    this.#options = options;
    this.#start();
  }

  /** Resolves when the process is gone. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#end);
    const child = this.#child;
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, "exit");
    child.kill("SIGKILL"); // it holds nothing that it would have to put away
    await exit;
  }

  #start(): void {
    const { program, args, onChange } = this.#options;
    const startedAt = performance.now();
    const child = startCompanion(program, args);
    this.#child = child;
    child.stdin.on("error", () => undefined).end(); // it died at once: `close` tells
    let complaint = "";
    child.stdout.setEncoding("utf8").on(
      "data",
      lineReader((lines) => this.#read(lines)),
    );
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      complaint = (complaint + text).slice(-500);
      if (!this.#stopped) onChange(false); // events were lost: the tools say so here
    });
    child.once("error", (error) => this.#ended(startedAt, errorOf(program, errorText(error), error)));
    child.once("close", (code, signal) => {
      const end = complaint.trim() || `it ended with ${signal ?? code}`;
      this.#ended(startedAt, errorOf(program, end));
    });
  }

  #read(lines: readonly string[]): void {
    if (this.#stopped) return;
    const { concerns, endOf } = this.#options;
    for (const line of lines) {
      const end = endOf?.(line);
      const concern = concerns(line);
      if (end === "ours") this.#concerned.clear();
      else if (end === "theirs") this.#tell();
      else if (concern) this.#concerned.add(concern);
    }
    clearTimeout(this.#end);
    if (!endOf) this.#tell();
    else if (this.#concerned.size > 0) this.#end = setTimeout(() => this.#tell(), endAfterMs);
  }

  #tell(): void {
    const isUrgent = this.#concerned.has("us, urgently");
    const both = this.#concerned.has("us and others");
    const us = both || isUrgent || this.#concerned.has("us");
    const others = both || this.#concerned.has("others");
    this.#concerned.clear();
    if (us) this.#options.onChange(isUrgent);
    if (others) this.#options.onOthers();
  }

  #ended(startedAt: number, error: KubespanError): void {
    if (this.#stopped || this.#timer !== undefined) return;
    if (performance.now() - startedAt > soundAfterMs) this.#pauseMs = firstPauseMs;
    this.#options.onError(error);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#start();
      this.#options.onChange(false);
    }, this.#pauseMs);
    this.#pauseMs = Math.min(this.#pauseMs * 2, longestPauseMs);
  }
}

function errorOf(program: string, reason: string, cause?: unknown): KubespanError {
  if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return notInstalled("setpriv");
  if (/failed to execute/.test(reason)) return notInstalled(program);
  return new KubespanError("command", `${program} monitor stopped: ${reason}`, {
    hint: "it is started again; until then changes made by others are noticed on the next tick",
    cause,
  });
}

/** Cuts chunks of text into lines; the rest of a line that is too long is thrown away. */
function lineReader(onLines: (lines: readonly string[]) => void): (chunk: string) => void {
  let rest = "";
  return (chunk) => {
    const lines = (rest + chunk).split("\n");
    rest = (lines.pop() ?? "").slice(0, longestLine);
    onLines(lines);
  };
}
