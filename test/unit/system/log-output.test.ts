import { execFileSync, spawn } from "node:child_process";
import { constants, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { waitFor } from "../../../lab/wait.ts";
import { temporaryFolder } from "../temporary-folder.ts";

const log = new URL("../../../src/system/log.ts", import.meta.url).href;

test.each(["json", "text"] as const)(
  "a pipe that nobody reads holds nothing up, and the log (%s) says what is missing when somebody does",
  async (format) => {
    const path = join(await temporaryFolder(), "pipe");
    execFileSync("mkfifo", [path]);
    const pipe = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    const program = `
      import { createLogger } from ${JSON.stringify(log)};
      const log = createLogger({ level: "info", format: "${format}" });
      for (let line = 0; line < 10_000; line++) log.info("x".repeat(90) + line);
      console.log("done");
      process.stdin.once("data", () => { log.info("the last line"); process.stdin.unref(); });`;
    const child = spawn(process.execPath, ["--input-type=module", "--eval", program], {
      stdio: ["pipe", "pipe", pipe],
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
    await new Promise((resolve) => child.stdout?.once("data", resolve));
    let text = "";
    const isRead = (what: string): boolean => {
      text += readable(pipe);
      return text.includes(what);
    };
    await waitFor(() => isRead("lines of the log are missing"), { what: "the note" });
    child.stdin?.end("go on\n");
    expect(await ended).toBe(0);
    expect(isRead("the last line")).toBe(true);
    const whole = text.split("\n").filter((line) => line.includes("xxx"));
    const [, missing] = /(\d+) lines of the log are missing/.exec(text) ?? [];
    expect(whole.length + Number(missing)).toBe(10_000);
  },
);

function readable(pipe: number): string {
  const buffer = Buffer.alloc(1024 * 1024);
  try {
    return buffer.toString("utf8", 0, readSync(pipe, buffer));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EAGAIN") return "";
    throw error;
  }
}
