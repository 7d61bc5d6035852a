import { readFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { bound } from "../../lab/bound.ts";

const ticksPerSecond = 100;

/** The service in its own process, on one core if the machine has several. */
export class MeasuredService {
  readonly port: number;
  readonly #process: ReturnType<typeof launch>;
  readonly #pid: number;

  private constructor(process: ReturnType<typeof launch>, pid: number, port: number) {
    this.#process = process;
    this.#pid = pid;
    this.port = port;
  }

  /** Starts the service of this checkout, or of another one. */
  static async start(
    bounds: "unlimited" | "default" = "unlimited",
    tree: string = join(import.meta.dirname, "../.."),
  ): Promise<MeasuredService> {
    const started = launch(bounds, tree);
    const port = await new Promise<number>((resolve, reject) => {
      started.stdout.once("data", (chunk: Buffer) => resolve(Number(chunk.toString())));
      started.then(() => reject(new Error("the service ended")), reject);
    });
    if (started.pid === undefined) throw new Error("the service has no process");
    return new MeasuredService(started, started.pid, port);
  }

  /** The processor time of the process in seconds. */
  cpu(): number {
    const fields = readFileSync(`/proc/${this.#pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ");
    return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
  }

  /** The largest resident memory so far in KiB. */
  mostMemory(): number {
    const status = readFileSync(`/proc/${this.#pid}/status`, "utf8");
    return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]);
  }

  /** The resident memory in KiB. */
  memory(): number {
    const status = readFileSync(`/proc/${this.#pid}/status`, "utf8");
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]);
  }

  async stop(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#process.catch(() => undefined); // the promise rejects because the process was killed
  }
}

const launch = (bounds: string, tree: string) => {
  const script = join(import.meta.dirname, "server.ts");
  return execa(...bound("taskset", "-c", "0", process.execPath, script, bounds, tree), {
    buffer: false,
    stdin: "ignore",
  });
};
