import { readFile } from "node:fs/promises";
import fc from "fast-check";
import { afterAll, describe, expect, it, vi } from "vitest";
import { InputFile } from "../../../src/system/input-file.ts";
import { type Ended, runProcess } from "../../../src/system/process.ts";
import { Shells } from "../../../src/system/shells.ts";

const shells = new Shells();
afterAll(() => shells.close());
const node = process.execPath;
const long = 60_000;
const numbers = Array.from({ length: 300_000 }, (_value, index) => `${index + 1}\n`).join("");

/** What a program is told, and what its end is like. */
const programs: readonly (readonly [string, string, readonly string[], Partial<Ended>])[] = [
  [
    "prints to both",
    "sh",
    ["-c", "echo out; echo problem >&2; exit 3"],
    { stdout: "out\n", stderr: "problem\n", exitCode: 3 },
  ],
  ["prints nothing", "true", [], {}],
  ["prints no end of line", "printf", ["%s", "half a line"], { stdout: "half a line" }],
  ["prints much", "seq", ["300000"], { stdout: numbers }],
  ["reads standard input", "cat", [], {}],
  ["tells its locale", "sh", ["-c", "echo $LC_ALL"], { stdout: "C\n" }],
  ["prints what looks like an end", "printf", ["%s\\n", "0"], { stdout: "0\n" }],
];

describe.each([
  ["directly", runProcess],
  ["by shells", shells.runProgram],
])("a program that is run %s", (_, run) => {
  it.each(programs)("%s", async (_name, program, args, ended) => {
    expect(await run(program, args, long)).toEqual({ exitCode: 0, stdout: "", stderr: "", ...ended });
  });

  it("reads the file that it is given when it opens its standard input again", async () => {
    const file = new InputFile("some text\n");
    try {
      const { stdout } = await run("sh", ["-c", "cat /proc/self/fd/0"], long, file.descriptor);
      expect(stdout).toBe("some text\n");
    } finally {
      file.close();
    }
  });

  it("may be missing", async () => {
    const ended = await run("no-such-program", ["--help"], long);
    expect(ended).toMatchObject({ exitCode: undefined, startError: "ENOENT", stdout: "" });
  });

  it.each<[string, string, readonly string[], string]>([
    ["an argument is longer than the kernel takes", "true", ["x".repeat(200_000)], "E2BIG"],
    ["all arguments together are", "true", Array.from({ length: 30_000 }, () => "x".repeat(100)), "E2BIG"],
    ["a word has a zero byte", "true", ["a\0b"], "ERR_INVALID_ARG_VALUE"],
    ["it is no program", "/etc/passwd", [], "EACCES"],
  ])("has ended as well where %s", async (_name, program, args, startError) => {
    const ended = await run(program, args, long);
    expect(ended).toMatchObject(
      startError === "EACCES" && ended.startError === undefined
        ? { exitCode: 126 }
        : { exitCode: undefined, startError },
    );
  });

  it("is ended when it takes too long", async () => {
    const ended = await run("sleep", ["1000"], 50);
    expect(ended).toMatchObject({ exitCode: undefined, stopped: "too late" });
  });

  it("gets its arguments as they are", async () => {
    const print = "process.stdout.write(JSON.stringify(process.argv.slice(1)))";
    const words = fc.array(
      fc.string({ unit: "binary", maxLength: 12 }).filter((word) => !word.includes("\0")),
      {
        maxLength: 20,
      },
    );
    await fc.assert(
      fc.asyncProperty(words, async (args) => {
        const { stdout } = await run(node, ["-e", print, "--", ...args], long);
        expect(JSON.parse(stdout)).toEqual(args.map((word) => word.toWellFormed()));
      }),
      { numRuns: 10, examples: [[["'", "$HOME", "`id`", "a\nb", "\\", '"', "; exit 1", "*", "~", ""]]] },
    );
  });

  it("is one of many at the same time", async () => {
    const all = Array.from({ length: 40 }, (_value, index) => run("sh", ["-c", `echo ${index}`], long));
    expect((await Promise.all(all)).map(({ stdout }) => stdout)).toEqual(
      all.map((_value, index) => `${index}\n`),
    );
  });
});

describe("shells", () => {
  it("go on after one was ended by somebody", async () => {
    const ended = await shells.runProgram("sh", ["-c", "kill -KILL $PPID"], long);
    expect(ended.exitCode).toBeUndefined();
    expect(await shells.runProgram("echo", ["there"], long)).toMatchObject({
      exitCode: 0,
      stdout: "there\n",
    });
  });

  it("are not waited for by a program with input, which may be what closes this node", async () => {
    const some = new Shells();
    const sleeping = Array.from({ length: 6 }, () => some.runProgram("sleep", ["1000"], long));
    const file = new InputFile("some text\n");
    try {
      expect(await some.runProgram("cat", ["/proc/self/fd/0"], long, file.descriptor)).toMatchObject({
        stdout: "some text\n",
      });
    } finally {
      file.close();
      await some.close();
      await Promise.all(sleeping);
    }
  });

  it("are gone when closed, with what they run; after that programs are run without", async () => {
    const some = new Shells();
    const { stdout } = await some.runProgram("sh", ["-c", "echo $PPID"], long);
    const sleeping = Array.from({ length: 6 }, () => some.runProgram("sleep", ["1000"], long));
    const queued = some.runProgram("echo", ["late"], long);
    await some.close();
    for (const ended of await Promise.all(sleeping)) expect(ended).toMatchObject({ exitCode: undefined });
    expect(await queued).toMatchObject({ exitCode: 0, stdout: "late\n" });
    const state = (): Promise<string> => readFile(`/proc/${stdout.trim()}/stat`, "utf8").catch(() => "gone");
    await vi.waitFor(async () => expect(await state()).toMatch(/^gone$|\) Z /), {
      timeout: 60_000,
      interval: 20,
    });
    expect(await some.runProgram("echo", ["there"], long)).toMatchObject({ exitCode: 0, stdout: "there\n" });
  });
});
