import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { KubespanError, notInstalled } from "../../base/index.ts";

const timeoutMs = 30_000;
/** The number of lines after which the scan of a ruleset ends. */
const mostLines = 2_000_000;

/**
 * Runs a tool at the lowest priority and passes on its output line by line, so that a huge ruleset is never in memory
 * and never blocks the event loop. Throws `KubespanError("command")` when the tool fails or takes too long.
 */
export async function eachLine(
  program: string,
  args: readonly string[],
  onLine: (line: string) => void,
): Promise<void> {
  const child = spawn("nice", ["-n", "19", program, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, LC_ALL: "C" },
    timeout: timeoutMs,
    killSignal: "SIGKILL",
  });
  let complaint = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    complaint = (complaint + text).slice(0, 500);
  });
  const closed = once(child, "close") as Promise<[number | null, string | null]>;
  let count = 0;
  for await (const line of createInterface({ input: child.stdout, crlfDelay: 0 })) {
    if (++count > mostLines) {
      child.kill("SIGKILL");
      break;
    }
    onLine(line);
  }
  const [code] = await closed;
  if (code === 0 || count > mostLines) return;
  if (code === 127) throw notInstalled(program);
  throw new KubespanError("command", `${program} ${args.join(" ")} failed: ${complaint.trim() || code}`);
}
