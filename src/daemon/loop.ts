/**
 * The scope of a pass. Each scope includes all that the ones before it look at.
 * - `peers`: the handshakes
 * - `registries`: also what the registries say, with the parts of the kernel that depend on it
 * - `everything`: also the rest of the kernel
 */
export type Scope = "peers" | "registries" | "everything";

const scopes: readonly Scope[] = ["peers", "registries", "everything"];
const covers = (wide: Scope, narrow: Scope): boolean => scopes.indexOf(wide) >= scopes.indexOf(narrow);

export interface Loop {
  /** Asks for a pass, `delayMs` from now at the latest; many requests become one pass. */
  trigger(scope: Scope, delayMs?: number): void;
  /** Resolves after a pass of this scope that began after the call; rejects if that one failed. */
  pass(scope: Scope): Promise<void>;
  /** Ends the loop. Resolves when the pass under way, if any, has ended; there will be no other. */
  stop(): Promise<void>;
  /** The time at which the pass under way began, in milliseconds since 1970; `undefined` if there is none. */
  passSince(): number | undefined;
}

export interface LoopOptions {
  /** Runs one pass; gives the milliseconds after which the peers have to be polled again, if at all. */
  readonly run: (scope: Scope) => Promise<number | undefined>;
  /** Called with the error of a failed pass, which is tried again. */
  readonly onError: (error: unknown) => void;
  /** The milliseconds after which everything is looked at again, even when nothing seems to happen. */
  readonly repairIntervalMs: number;
}

const firstRetryMs = 500;
const longestRetryMs = 15_000;

interface Request {
  readonly scope: Scope;
  readonly settle: (error?: unknown) => void;
}

const stopping = (): Error => new Error("the daemon is stopping");

/** Runs one pass at a time: after each request, when a pass asked for it, and at the repair interval. */
export function startLoop({ run, onError, repairIntervalMs }: LoopOptions): Loop {
  const timers = new Map<Scope, { at: number; timer: NodeJS.Timeout }>();
  let requests: Request[] = [];
  let due: Scope | undefined;
  let running: Promise<void> | undefined;
  let failures = 0;
  let failed: Scope = "peers";
  let passSince: number | undefined;
  const stopped = new AbortController();

  const start = (scope: Scope): void => {
    due = due !== undefined && covers(due, scope) ? due : scope;
    if (!running && !stopped.signal.aborted) running = work();
  };

  const work = async (): Promise<void> => {
    while (due !== undefined && !stopped.signal.aborted) {
      const scope: Scope = due;
      due = undefined;
      disarm(scope);
      await pass(scope);
    }
    running = undefined;
  };

  const pass = async (scope: Scope): Promise<void> => {
    const served = requests.filter((request) => covers(scope, request.scope));
    requests = requests.filter((request) => !served.includes(request));
    passSince = Date.now();
    try {
      const wakeInMs = await run(scope);
      if (covers(scope, failed)) failures = 0; // a pass that looks at less proves nothing about what failed
      if (wakeInMs !== undefined) arm("peers", wakeInMs);
      arm("everything", repairIntervalMs);
      for (const request of served) request.settle();
    } catch (error) {
      failed = failures > 0 && covers(failed, scope) ? failed : scope;
      failures++;
      arm("everything", Math.min(firstRetryMs * 2 ** (failures - 1), longestRetryMs));
      onError(error);
      for (const request of served) request.settle(error);
    } finally {
      passSince = undefined;
    }
  };

  const arm = (scope: Scope, delayMs: number): void => {
    const at = Date.now() + delayMs;
    const armed = timers.get(scope);
    if (stopped.signal.aborted || (armed && armed.at <= at)) return;
    clearTimeout(armed?.timer);
    const timer = setTimeout(() => {
      timers.delete(scope);
      start(scope);
    }, delayMs);
    timers.set(scope, { at, timer });
  };

  /** Disarms the timers of a scope and of those that it covers: what a pass covers needs no other one. */
  const disarm = (scope: Scope): void => {
    for (const each of scopes.filter((narrow) => covers(scope, narrow))) {
      clearTimeout(timers.get(each)?.timer);
      timers.delete(each);
    }
  };

  return {
    passSince: () => passSince,
    trigger: (scope, delayMs = 0) => (delayMs === 0 ? start(scope) : arm(scope, delayMs)),
    pass: (scope) =>
      new Promise((resolve, reject) => {
        if (stopped.signal.aborted) return reject(stopping());
        requests.push({ scope, settle: (error) => (error === undefined ? resolve() : reject(error)) });
        start(scope);
      }),
    stop: async () => {
      stopped.abort();
      disarm("everything");
      await running;
      for (const request of requests) request.settle(stopping());
    },
  };
}
