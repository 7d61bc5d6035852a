import { readFileSync } from "node:fs";

const ticksPerSecond = 100;

export interface Cost {
  /** The processor seconds of the process itself, and of the tools that it or its shells ran. */
  readonly own: number;
  readonly tools: number;
}

/** The processor seconds of a process, and of all processes that it has waited for. */
function timesOf(pid: string): { readonly name: string; readonly own: number; readonly waitedFor: number } {
  const [, name = "", rest = ""] =
    /^\d+ \((.*)\) (.*)$/s.exec(readFileSync(`/proc/${pid}/stat`, "utf8")) ?? [];
  const [utime = 0, stime = 0, cutime = 0, cstime = 0] = rest.split(" ").map(Number).slice(11, 15);
  return { name, own: (utime + stime) / ticksPerSecond, waitedFor: (cutime + cstime) / ticksPerSecond };
}

const childrenOf = (pid: number): string[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean);

/**
 * What a child that is gone by now has used is in what its parent has waited for, which is read last. A tool of the name
 * `except` is not counted.
 */
export function costOf(pid: number, except?: string): Cost {
  const children = childrenOf(pid).flatMap((child) => {
    try {
      return [timesOf(child)];
    } catch (error) {
      if (error instanceof Error && "code" in error && ["ENOENT", "ESRCH"].includes(String(error.code)))
        return [];
      throw error;
    }
  });
  const { own, waitedFor } = timesOf(String(pid));
  const counted = children.filter(({ name }) => name !== except);
  return { own, tools: counted.reduce((sum, child) => sum + child.own + child.waitedFor, waitedFor) };
}
