import type { Readable, Writable } from "node:stream";
import type { Options, Result } from "execa";

/** How a program ended. */
export interface End {
  /** `undefined` when a signal ended it or it could not be started. */
  readonly exitCode: number | undefined;
  /** The signal that ended it, if one did. */
  readonly signal?: string;
  /** Why it could not be started (`ENOENT`: there is no such program). */
  readonly startError?: string;
  readonly stopped?: "too late" | "too much";
}

/** The end of a program, and what it had printed until then. */
export interface Ended extends End {
  readonly stdout: string;
  readonly stderr: string;
}

/** A program that was started. */
export interface Started {
  /** `undefined` when it could not be started: then `ended` says why. */
  readonly pid: number | undefined;
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Ends it at once, and with it its group where it has one of its own. */
  kill(): void;
  /** Lets this process end while the other one runs. */
  unref(): void;
  /** Resolves when it has ended and what it printed was read. Never rejects. */
  readonly ended: Promise<End>;
}

export interface StartOptions {
  /** A descriptor, a pipe, or nothing. */
  readonly stdin: number | "pipe" | "ignore";
  /** Whether what it prints is read. Somebody has to read it then. */
  readonly output: "pipe" | "ignore";
  /** A session and group of its own: Ctrl-C is for this process alone, and it can be killed with all that it runs. */
  readonly hasOwnGroup?: boolean;
  readonly timeoutMs?: number;
  /** In addition to this process's own variables and the C locale. */
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * The one way to start a program, in the C locale. Rejects only for arguments that no program can be given (with a zero
 * byte); what could not be started for any other reason (`E2BIG`: its arguments are too long) has ended at once.
 */
export async function startProcess(
  program: string,
  args: readonly string[],
  { stdin, output, hasOwnGroup = false, timeoutMs, env }: StartOptions,
): Promise<Started> {
  // With the first program: whatever starts none, `kubespan status` say, need not pay for it.
  const { execa } = await import("execa");
  const options: Options = {
    stdio: [stdin as 3, output, output], // any descriptor will do, but the types have those up to 9
    detached: hasOwnGroup,
    env: { LC_ALL: "C", ...env },
    killSignal: "SIGKILL",
    forceKillAfterDelay: false,
    buffer: false, // whoever reads it bounds it
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
  // A stream that is no pipe is `null`; whoever asked for none does not touch it.
  const [input, out, errors] = [child.stdin as Writable, child.stdout as Readable, child.stderr as Readable];
  return {
    pid,
    stdin: input,
    stdout: out,
    stderr: errors,
    kill: () => {
      if (hasEnded) return; // its number may be another's by now
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
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error; // it is gone already
  }
}

/**
 * Runs a program to its end. Its standard input is the file with that descriptor, or nothing. Never rejects: what cannot
 * even be started has ended, too.
 */
export type RunProgram = (
  program: string,
  args: readonly string[],
  timeoutMs: number,
  input?: number,
) => Promise<Ended>;

/** Bytes that a program may print on a stream. */
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

/** What was started, or what is wrong with the arguments. */
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
