import type { Readable, Writable } from "node:stream";
import type { Options, Result } from "execa";

/** The end of a program. */
export interface End {
  /** The exit code; `undefined` if the program was ended by a signal or could not be started. */
  readonly exitCode: number | undefined;
  /** The signal that ended the program, if one did. */
  readonly signal?: string;
  /** The reason why the program could not be started (`ENOENT`: there is no such program). */
  readonly startError?: string;
  readonly stopped?: "too late" | "too much";
}

/**
 * Whether a program ended well, with all of its output. One that ended by itself in the moment in which its time was
 * over did, too.
 */
export const hasSucceeded = ({ exitCode, stopped }: End): boolean => exitCode === 0 && stopped !== "too much";

/** The end of a program, and its output until then. */
export interface Ended extends End {
  readonly stdout: string;
  readonly stderr: string;
}

/** A program that was started. */
export interface Started {
  /** The process id; `undefined` if the program could not be started, for which `ended` gives the reason. */
  readonly pid: number | undefined;
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Kills the program at once, together with its group if it has one of its own. */
  kill(): void;
  /** Lets this process end while the program runs. */
  unref(): void;
  /** Resolves when the program has ended and its output was read. Never rejects. */
  readonly ended: Promise<End>;
}

export interface StartOptions {
  /** The standard input: a descriptor, a pipe, or nothing. */
  readonly stdin: number | "pipe" | "ignore";
  /** The output: a pipe, which somebody has to read, nothing, or that of this process. */
  readonly output: "pipe" | "ignore" | "inherit";
  /**
   * Gives the program a session and group of its own, so that Ctrl-C does not reach it, and it can be killed with all
   * that it runs.
   */
  readonly hasOwnGroup?: boolean;
  readonly timeoutMs?: number;
  /** The environment variables in addition to this process's own and that of the C locale. */
  readonly env?: Readonly<Record<string, string>>;
}

/** The program that speaks to systemd for this one. */
const notifier = "systemd-notify";
/** No other program gets the address of systemd, or it could say that a service works which hangs. */
const withoutManager = { NOTIFY_SOCKET: undefined, WATCHDOG_USEC: undefined, WATCHDOG_PID: undefined };

/**
 * Starts a program in the C locale, and is the one way to do so. Rejects only for arguments that no program can be
 * given (with a zero byte). A program that could not be started for another reason (`E2BIG`: its arguments are too
 * long) has ended at once.
 */
export async function startProcess(
  program: string,
  args: readonly string[],
  { stdin, output, hasOwnGroup = false, timeoutMs, env }: StartOptions,
): Promise<Started> {
  // The library is loaded with the first program, so that commands without any, such as `kubespan status`, do not pay
  // for it.
  const { execa } = await import("execa");
  const options: Options = {
    stdio: [stdin as 3, output, output], // any descriptor will do, but the types allow only those up to 9
    detached: hasOwnGroup,
    env: { LC_ALL: "C", ...(program === notifier ? {} : withoutManager), ...env },
    killSignal: "SIGKILL",
    forceKillAfterDelay: false,
    buffer: false, // the reader bounds the output
    reject: false,
    cleanup: false, // companions are ended by the kernel, and tools end by themselves
    ...(timeoutMs !== undefined && { timeout: timeoutMs }),
  };
  const child = execa(program, args, options);
  const { pid } = child;
  let hasEnded = false;
  const ended = child.then((result) => {
    hasEnded = true;
    return endOf(result);
  });
  // A stream that is no pipe is `null`, and a caller that asked for no pipe does not use it.
  const [input, out, errors] = [child.stdin as Writable, child.stdout as Readable, child.stderr as Readable];
  // What the program started may keep its output open for ever. Of one that was killed in time nobody needs the rest.
  if (timeoutMs !== undefined)
    child.once("exit", (_, signal) => {
      if (signal === options.killSignal) for (const stream of [out, errors]) stream?.destroy();
    });
  return {
    pid,
    stdin: input,
    stdout: out,
    stderr: errors,
    kill: () => {
      if (hasEnded) return; // the process id may be another program's by now
      if (hasOwnGroup && pid !== undefined) killGroup(pid);
      else child.kill();
    },
    unref: () => child.unref(),
    ended,
  };
}

function endOf({ exitCode, signal, code, timedOut }: Result): End {
  return {
    exitCode,
    ...(signal !== undefined && { signal }),
    ...(exitCode === undefined && signal === undefined && { startError: code ?? "it could not be started" }),
    ...(timedOut && { stopped: "too late" as const }),
  };
}

function killGroup(leader: number): void {
  try {
    process.kill(-leader, "SIGKILL");
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error; // the group is gone already
  }
}

/**
 * Runs a program to its end. Its standard input is the file with this descriptor, or nothing. Never rejects, as a
 * program that cannot be started counts as ended.
 */
export type RunProgram = (
  program: string,
  args: readonly string[],
  timeoutMs: number,
  input?: number,
) => Promise<Ended>;

/** The number of bytes that a program may print on a stream. */
export const maxOutputBytes = 256 * 1024 * 1024;

export const runProcess: RunProgram = async (program, args, timeoutMs, input) => {
  const started = await tryStart(program, args, { stdin: input ?? "ignore", output: "pipe", timeoutMs });
  if (typeof started === "string")
    return { exitCode: undefined, stdout: "", stderr: "", startError: started };
  const cut: { stopped?: "too much" } = {};
  const stop = (): void => {
    cut.stopped = "too much";
    started.kill();
  };
  const [stdout, stderr] = [collect(started.stdout, stop), collect(started.stderr, stop)];
  const end = await started.ended;
  return { ...end, ...cut, stdout: stdout(), stderr: stderr() };
};

/** Starts a program, or gives the flaw of its arguments. */
const tryStart = (
  program: string,
  args: readonly string[],
  options: StartOptions,
): Promise<Started | string> =>
  startProcess(program, args, options).catch((error: unknown) => {
    if (error instanceof TypeError) return "ERR_INVALID_ARG_VALUE";
    throw error;
  });

function collect(stream: Readable, stop: () => void): () => string {
  const chunks: Buffer[] = [];
  let bytes = 0;
  stream.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > maxOutputBytes) stop();
    else chunks.push(chunk);
  });
  return () => Buffer.concat(chunks).toString("utf8");
}
