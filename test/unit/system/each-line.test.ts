import { writeFile } from "node:fs/promises";
import { getPriority } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { eachLine, eachLineSoon } from "../../../src/system/each-line.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { thrownBy } from "../thrown-by.ts";

async function linesOf(script: string): Promise<string[]> {
  const lines: string[] = [];
  await eachLine("sh", ["-c", script], (line) => lines.push(line));
  return lines;
}

function refuse(): void {
  throw new Error("odd line");
}

test("lines are handed over as they are, however they are cut; the last one needs no end", async () => {
  expect(await linesOf("printf 'a\\n\\nä b\\nhalf'")).toEqual(["a", "", "ä b", "half"]);
  const many = await linesOf("seq 100000");
  expect([many.length, many[0], many.at(-1)]).toEqual([100_000, "1", "100000"]);
});

test("the tool runs at the lowest priority, in the C locale", async () => {
  expect(await linesOf("nice; echo $LC_ALL")).toEqual(["19", "C"]);
});

test("where somebody waits, the tool has the priority of this process, and is as clear about what is missing", async () => {
  const lines: string[] = [];
  await eachLineSoon("nice", [], (line) => lines.push(line));
  expect(lines).toEqual([String(getPriority())]);
  const missing = await thrownBy(eachLineSoon("no-such-tool", [], () => undefined));
  expect(missing.message).toBe("no-such-tool is not installed");
});

test("a tool that fails: what it said; one that is missing: which package has it", async () => {
  const failed = await thrownBy(linesOf("echo some; echo bad >&2; exit 3"));
  expect(failed).toMatchObject({
    code: "command",
    message: expect.stringMatching(/ failed: bad$/) as string,
  });
  const missing = await thrownBy(eachLine("no-such-tool", [], () => undefined));
  expect(missing.message).toBe("no-such-tool is not installed");
});

test("a line that cannot be read ends the tool, and is what is thrown", async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, "tool"), "#!/bin/sh\nexec yes\n", { mode: 0o755 });
  await expect(eachLine(join(folder, "tool"), [], refuse)).rejects.toThrow("odd line");
});
