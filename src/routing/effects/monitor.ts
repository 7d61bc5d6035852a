import { KubespanError, notInstalled } from "../../base/index.ts";
import { type End, Lines, type Started, startCompanion } from "../../system/index.ts";

/**
 * What a line concerns: this program, others whose use of marks may have changed, or what a CNI plug-in makes for pods.
 */
export type Concern = "us" | "us, urgently" | "others" | "pods";

interface MonitorOptions {
  readonly program: "ip" | "nft";
  readonly args: readonly string[];
  readonly concerns: (line: string) => readonly Concern[];
  /** Whether a line is the end of a change, and whether the change was ours. Only some tools print such a line. */
  readonly endOf?: (line: string) => "ours" | "theirs" | undefined;
  readonly onChange: (isUrgent: boolean) => void;
  readonly onOthers: () => void;
  readonly onPods?: () => void;
  readonly onError: (error: KubespanError) => void;
}

const firstPauseMs = 250;
const longestPauseMs = 30_000;
const soundAfterMs = 10_000; // a tool that ran as long starts again after the shortest pause
const endAfterMs = 100; // a change without an end by then is told of all the same

/**
 * Keeps a tool running that prints a line for each change in the kernel. When the tool dies, its death is reported, and
 * it is started again after a pause that doubles. A change is reported then too, since nobody has seen what happened
 * meanwhile.
 */
export class Monitor {
  readonly #options: MonitorOptions;
  /** The concerns of the change that is being read. */
  readonly #concerned = new Set<Concern>();
  #child: Promise<Started> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #end: NodeJS.Timeout | undefined;
  #pauseMs = firstPauseMs;
  #stopped = false;

  constructor(options: MonitorOptions) {
    this.#options = options;
    this.#start();
  }

  /** Ends the process; resolves when it is gone. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#end);
    const child = await this.#child;
    child?.kill(); // the tool holds nothing that it would have to put away
    await child?.ended;
  }

  #start(): void {
    const { program, args } = this.#options;
    this.#child = startCompanion(program, args).then((child) => this.#listen(child));
  }

  #listen(child: Started): Started {
    const { program, onChange } = this.#options;
    const startedAt = performance.now();
    child.stdin.end();
    const lines = new Lines();
    child.stdout.setEncoding("utf8").on("data", (text: string) => this.#read(lines.next(text)));
    let complaint = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      complaint = (complaint + text).slice(-500);
      if (!this.#stopped) onChange(false); // events were lost: the tools say so here
    });
    void child.ended.then((end) => this.#ended(startedAt, errorOf(program, complaint.trim(), end)));
    return child;
  }

  #read(lines: readonly string[]): void {
    if (this.#stopped) return;
    const { concerns, endOf } = this.#options;
    for (const line of lines) {
      const end = endOf?.(line);
      if (end === "ours") {
        this.#concerned.clear();
        continue;
      }
      for (const concern of concerns(line)) this.#concerned.add(concern);
      if (end === "theirs") this.#tell();
    }
    clearTimeout(this.#end);
    if (!endOf) this.#tell();
    else if (this.#concerned.size > 0) this.#end = setTimeout(() => this.#tell(), endAfterMs);
  }

  #tell(): void {
    const isUrgent = this.#concerned.has("us, urgently");
    const us = isUrgent || this.#concerned.has("us");
    const others = this.#concerned.has("others");
    const pods = this.#concerned.has("pods");
    this.#concerned.clear();
    if (us) this.#options.onChange(isUrgent);
    if (others) this.#options.onOthers();
    if (pods) this.#options.onPods?.();
  }

  #ended(startedAt: number, error: KubespanError): void {
    if (this.#stopped) return;
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

function errorOf(program: string, complaint: string, end: End): KubespanError {
  if (end.startError === "ENOENT") return notInstalled("setpriv");
  if (/failed to execute/.test(complaint)) return notInstalled(program);
  const how = complaint || (end.startError ?? `it ended with ${end.signal ?? end.exitCode}`);
  return new KubespanError("command", `${program} monitor stopped: ${how}`, {
    hint: "it is started again; until then changes made by others are noticed on the next tick",
  });
}
