import { type ChildProcess, spawn } from "node:child_process";
import { readlinkSync } from "node:fs";

export interface Ended {
  /** `undefined` when a signal ended it or it could not be started. */
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  /** Why it could not be started (`ENOENT`: there is no such program). */
  readonly startError?: string;
  readonly stopped?: "too late" | "too much";
}

/** Runs a program to its end, without input. Never rejects. */
export type RunProgram = (program: string, args: readonly string[], timeoutMs: number) => Promise<Ended>;

export const maxOutputBytes = 256 * 1024 * 1024;

/**
 * Runs a program to its end, in the C locale. Its standard input is the file with that descriptor, or nothing. Never
 * rejects: what cannot even be started (`E2BIG`: too many or too long arguments) has ended, too.
 */
export function runProcess(
  program: string,
  args: readonly string[],
  timeoutMs: number,
  input?: number,
): Promise<Ended> {
  return new Promise((resolve) => {
    let child: ChildProcess;
    try {
      child = spawn(program, args, {
        stdio: [input ?? "ignore", "pipe", "pipe"],
        env: { ...process.env, LC_ALL: "C" },
      });
    } catch (error) {
      resolve({ exitCode: undefined, stdout: "", stderr: "", startError: reasonOf(error) });
      return;
    }
    remember(child.pid);
    let stopped: Ended["stopped"];
    const stop = (why: Ended["stopped"]): void => {
      stopped = why;
      child.kill("SIGKILL");
    };
    const timer = setTimeout(() => stop("too late"), timeoutMs);
    const [stdout, stderr] = [collect(child.stdout, stop), collect(child.stderr, stop)];
    const end = (exitCode: number | undefined, startError?: string): void => {
      clearTimeout(timer);
      const found = { ...(startError !== undefined && { startError }), ...(stopped && { stopped }) };
      resolve({ exitCode, stdout: stdout(), stderr: stderr(), ...found });
    };
    child.once("error", (error) => end(undefined, reasonOf(error)));
    child.once("close", (code) => end(code ?? undefined));
  });
}

const reasonOf = (error: unknown): string =>
  error instanceof Error ? ("code" in error ? String(error.code) : error.message) : String(error);

const started = new Set<number>();
const mostStarted = 64; // so few that a number hardly comes again meanwhile

function remember(pid: number | undefined): void {
  const [oldest] = started;
  if (started.size >= mostStarted && oldest !== undefined) started.delete(oldest);
  if (pid !== undefined) started.add(pid);
}

/** The kernel tells the number that a process has outside of all containers; inside, it has another one. */
const initialNamespace = "pid:[4026531836]"; // PROC_PID_INIT_INO of the kernel's include/linux/proc_ns.h
const isOutside = readlinkSync("/proc/self/ns/pid") === initialNamespace;

/** Whether the kernel means by this number one of the processes that were run last. In a container: never. */
export const wasStartedHere = (pid: number): boolean => isOutside && started.has(pid);

/** `null` is the type of a stream that is no pipe; ours are. */
function collect(stream: ChildProcess["stdout"], stop: (why: "too much") => void): () => string {
  const chunks: Buffer[] = [];
  let bytes = 0;
  stream?.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > maxOutputBytes) stop("too much");
    else chunks.push(chunk);
  });
  return () => Buffer.concat(chunks).toString("utf8");
}
