import { expect, test } from "vitest";
import { wordsFor } from "../../../src/cli/completion-words.ts";
import { createProgram } from "../../../src/cli/index.ts";

const nextOf = (line: string) => wordsFor(createProgram(), line.split(" ")).next;

test.each([
  ["get ", { daemon: "kinds" }],
  ["get peerspecs ", { daemon: "ids", kind: "peerspecs" }],
  ["get -o json peerspecs ", { daemon: "ids", kind: "peerspecs" }],
  ["get --config /tmp/get peerspecs ", { daemon: "ids", kind: "peerspecs" }],
  ["get peerspecs b ", { words: [] }],
  ["ping ", { daemon: "peers" }],
  ["forget a", { daemon: "peers" }],
  ["get -o ", { words: ["table", "wide", "yaml", "json"] }],
  ["log-level ", { words: ["fatal", "error", "warn", "info", "debug", "trace"] }],
  ["completion ", { words: ["bash", "zsh", "fish"] }],
  ["nothing such ", { words: [] }],
])("after %j may come %j", (line, expected) => {
  expect(nextOf(line)).toEqual(expected);
});

test("commands at every depth and options are offered, and hidden commands are not", () => {
  expect(nextOf("")).toMatchObject({ words: expect.arrayContaining(["get", "status", "gen"]) as unknown });
  expect(nextOf("")).not.toMatchObject({ words: expect.arrayContaining(["complete"]) as unknown });
  expect(nextOf("gen ")).toMatchObject({ words: ["config", "operator-key", "help"] });
  expect(nextOf("get --")).toMatchObject({
    words: expect.arrayContaining(["--config", "--output", "--watch", "--help"]) as unknown,
  });
});
