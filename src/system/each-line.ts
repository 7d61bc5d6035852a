import { KubespanError, notInstalled } from "../base/index.ts";
import { Lines } from "./lines.ts";
import { startProcess } from "./process.ts";

const timeoutMs = 30_000;
/** The number of lines after which an output is not read on. */
const mostLines = 2_000_000;
const longestComplaint = 500;

/**
 * Runs a tool and hands over its output line by line as it comes. A huge ruleset is never in memory as a whole, and never
 * blocks the event loop. Throws `KubespanError("command")` if the tool fails or takes too long.
 */
export type EachLine = (
  program: string,
  args: readonly string[],
  onLine: (line: string) => void,
) => Promise<void>;

/** Runs the tool at the lowest priority, for the daemon, which is in no hurry. */
export const eachLine: EachLine = (program, args, onLine) =>
  handOver(["nice", "-n", "19", program, ...args], program, args, onLine);

/** Runs the tool at this process's own priority, for a command that somebody waits for. */
export const eachLineSoon: EachLine = (program, args, onLine) =>
  handOver([program, ...args], program, args, onLine);

async function handOver(
  [starter = "", ...started]: readonly string[],
  program: string,
  args: readonly string[],
  onLine: (line: string) => void,
): Promise<void> {
  const child = await startProcess(starter, started, { stdin: "ignore", output: "pipe", timeoutMs });
  let complaint = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    complaint = (complaint + text).slice(0, longestComplaint);
  });
  const lines = new Lines();
  let count = 0;
  let isWhole = false;
  try {
    for await (const chunk of child.stdout.setEncoding("utf8") as AsyncIterable<string>) {
      for (const line of lines.next(chunk)) {
        count++;
        onLine(line);
      }
      if (count > mostLines) break;
    }
    if (lines.rest !== "") onLine(lines.rest);
    isWhole = count <= mostLines;
  } finally {
    if (!isWhole) child.kill();
  }
  const end = await child.ended;
  if (end.exitCode === 0 || !isWhole) return;
  if (end.exitCode === 127 || end.startError === "ENOENT") throw notInstalled(program);
  const how = complaint.trim() || (end.stopped ?? end.startError ?? end.signal ?? end.exitCode);
  throw new KubespanError("command", `${program} ${args.join(" ")} failed: ${how}`);
}
