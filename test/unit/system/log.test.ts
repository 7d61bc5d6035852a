import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { printable, printableJson, printableLines } from "../../../src/base/text.ts";
import { disturbs, hostileTexts } from "../security/hostile-text.ts";

const run = promisify(execFile);
const log = new URL("../../../src/system/log.ts", import.meta.url).href;

/** What a process of its own logs of each text: in the message, in a field, in an error. */
async function logged(format: "json" | "text"): Promise<string[]> {
  const texts = hostileTexts.map(([, text]) => text).filter((text) => text.length < 1000);
  const program = `
    import { createLogger } from ${JSON.stringify(log)};
    const log = createLogger({ level: "trace", format: ${JSON.stringify(format)} });
    for (const text of ${JSON.stringify(texts)}) {
      log.warn(text);
      log.info({ name: text, [text]: 1, nested: [{ text }] }, "a field");
      log.error({ err: new Error(text) }, text);
    }`;
  const { stderr } = await run(process.execPath, ["--input-type=module", "--eval", program]);
  expect(stderr).not.toBe("");
  return stderr.trimEnd().split("\n");
}

describe("the log", () => {
  test("as JSON is one line for each entry, and none that a terminal obeys", async () => {
    const lines = await logged("json");
    expect(lines).toHaveLength(3 * hostileTexts.filter(([, text]) => text.length < 1000).length);
    for (const line of lines) {
      expect(disturbs(line)).toBe(false);
      expect(JSON.parse(line)).toMatchObject({ level: expect.any(String) as string });
    }
  });

  test("as text has no line that was not logged, and none that a terminal obeys", async () => {
    const lines = await logged("text");
    for (const line of lines) {
      expect(disturbs(line)).toBe(false);
      expect(line).toMatch(
        /^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}\] (?:INFO|WARN|ERROR)(?: \(.*\))?: |^ {4}/,
      );
    }
    const entries = lines.filter((line) => line.startsWith("["));
    expect(entries).toHaveLength(3 * hostileTexts.filter(([, text]) => text.length < 1000).length);
  });
});

describe("text of others", () => {
  test.each(hostileTexts)("%s: shown, it does nothing, and it has an end", (_name, text) => {
    expect(disturbs(printable(text))).toBe(false);
    expect(printable(text)).not.toContain("\n");
    expect(printable(text).length).toBeLessThanOrEqual(203);
    expect(disturbs(printableLines(text))).toBe(false);
    expect(printableLines(text).split("\n")).toHaveLength(text.split("\n").length);
    expect(JSON.parse(printableJson({ [text]: text }))).toEqual({ [text]: text });
    expect(disturbs(printableJson({ [text]: text }))).toBe(false);
  });

  test("text that is none of that stays as it is", () => {
    for (const text of ["Zürich, 東京, \u{1f600}", "a\tb\nc", "", '"quoted" \\ $HOME'])
      expect(printableLines(text)).toBe(text);
  });
});
