import type { Command } from "commander";
import { expect, test } from "vitest";
import { createProgram } from "../../../src/cli/index.ts";
import { manPage, pathOf } from "../../../src/cli/man-text.ts";

const commandsOf = (command: Command): Command[] => [command, ...command.commands.flatMap(commandsOf)];
const pages = commandsOf(createProgram()).map((command) => [pathOf(command), command] as const);

/** The requests of man(7) that the pages use. */
const request = /^\.(?:TH|SH|TP|nf|fi)\b/;

test.each(pages)("the page of %s says what the help says", (path, command) => {
  const page = manPage(command);
  const help = command.createHelp();
  expect(page).toContain(`.SH NAME\n${path.replaceAll(" ", "-").replaceAll("-", "\\-")} \\- `);
  for (const option of help.visibleOptions(command)) {
    expect(page).toContain(help.optionTerm(option).replaceAll("-", "\\-"));
    expect(page).toContain(option.description.replaceAll("-", "\\-"));
  }
  const lines = page.split("\n");
  expect(lines.filter((line) => /^[.']/.test(line) && !request.test(line))).toEqual([]);
});

test("what stands below the lists of a help stands in the notes", () => {
  const [, get] = pages.find(([path]) => path === "kubespan get") ?? [];
  expect(get && manPage(get)).toContain(".SH NOTES\n.nf\nExamples:\n  kubespan get rd");
  const [, run] = pages.find(([path]) => path === "kubespan run") ?? [];
  expect(run && manPage(run)).toContain("SIGHUP makes the daemon read the configuration again");
});
