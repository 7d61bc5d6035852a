import { readFileSync } from "node:fs";

const ticksPerSecond = 100;

export interface Cost {
  /** The processor seconds of the process itself, and of the tools that it or its shells ran. */
  readonly own: number;
  readonly tools: number;
}

/** The processor seconds of a process, and of all processes that it has waited for. */
function timesOf(pid: string): { readonly own: number; readonly waitedFor: number } {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /s, "")
    .split(" ")
    .map(Number);
  const [utime = 0, stime = 0, cutime = 0, cstime = 0] = fields.slice(11, 15);
  return { own: (utime + stime) / ticksPerSecond, waitedFor: (cutime + cstime) / ticksPerSecond };
}

const childrenOf = (pid: number): string[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean);

/** What a child that is gone by now has used is in what its parent has waited for, which is read last. */
export function costOf(pid: number): Cost {
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
  return { own, tools: children.reduce((sum, child) => sum + child.own + child.waitedFor, waitedFor) };
}
