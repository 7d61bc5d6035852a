import { globSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { missingLine, stepsIn } from "../../guides/page.ts";

const root = new URL("../../../", import.meta.url).pathname;
const textOf = (file: string): string => readFileSync(`${root}${file}`, "utf8");
const pages = globSync("docs/guides/*.md", { cwd: root });
const tests = globSync("test/{guides,packages}/*.test.ts", { cwd: root }).map(textOf).join("\n");

describe.each(pages)("%s", (page) => {
  test("is followed by a test, and the README leads to it", () => {
    expect(tests.replaceAll(/\s+/g, "")).toContain(`Guide.open("${page.replace(/.*\//, "")}"`);
    expect(textOf("README.md")).toContain(`](${page})`);
  });

  test("says of every block what the test does with it, and leaves out less than it does", () => {
    const steps = stepsIn(textOf(page));
    expect(steps.filter(({ action }) => action === undefined)).toEqual([]);
    const leftOut = steps.filter(({ action }) => action === "leave out").length;
    expect(leftOut).toBeLessThan(steps.length / 2);
  });

  test("says at its beginning what of it was never run", () => {
    expect(textOf(page)).toMatch(/^# .+\n\n\*[^*]*\btest\b[^*]*\*\n/);
  });
});

describe("the output that a page promises", () => {
  const page =
    "<!-- run on: a b, with words -->\n```sh\nx\n```\n\nwords\n\n```text\none  two\n… three\n```\n";

  test("is that of the block before it", () => {
    expect(stepsIn(page)).toMatchObject([
      { script: "x\n", node: "a b", what: "with words", expected: ["one  two", "… three"] },
    ]);
    expect(() => stepsIn(page.slice(page.indexOf("words\n\n")))).toThrow("no command prints this");
  });

  test("has to be printed line by line, in its order", () => {
    const expected = ["one two", "… three"];
    expect(missingLine(expected, "zero\n  one   two\nand three\n")).toBeUndefined();
    expect(missingLine(expected, "one two three\nand three")).toBe("one two");
    expect(missingLine(expected, "and three\none two\n")).toBe("… three");
    expect(missingLine(["a.c"], "abc")).toBe("a.c");
  });
});
