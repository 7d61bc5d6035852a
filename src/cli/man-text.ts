import type { Command } from "commander";
import { version } from "../base/index.ts";

/** Writes the manual page of a command, in the language of man(7), from the same words as its help. */
export function manPage(command: Command): string {
  const help = command.createHelp();
  const path = pathOf(command);
  return [
    `.TH "${path.replaceAll(" ", "\\-").toUpperCase()}" "8" "" "kubespan ${version}" "kubespan"\n`,
    `.SH NAME\n${escaped(path.replaceAll(" ", "-"))} \\- ${line(command.description())}\n`,
    `.SH SYNOPSIS\n\\fB${escaped(path)}\\fR ${escaped(command.usage())}\n`,
    list(
      "ARGUMENTS",
      help.visibleArguments(command).map((each) => item(help.argumentTerm(each), each.description)),
    ),
    list(
      "OPTIONS",
      help.visibleOptions(command).map((each) => item(help.optionTerm(each), help.optionDescription(each))),
    ),
    list(
      "COMMANDS",
      help
        .visibleCommands(command)
        .map((each) => item(help.subcommandTerm(each), help.subcommandDescription(each))),
    ),
    notesOf(command),
    `.SH SEE ALSO\n${line(command.parent === null ? "kubespan help COMMAND" : "kubespan(8)")}\n`,
  ].join("");
}

const list = (title: string, items: readonly string[]): string =>
  items.length === 0 ? "" : `.SH ${title}\n${items.join("")}`;

const item = (term: string, text: string): string => `.TP\n\\fB${escaped(term)}\\fR\n${line(text)}\n`;

export const pathOf = (command: Command): string =>
  command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;

/** The text below the lists of a help, as it stands there. */
function notesOf(command: Command): string {
  let text = "";
  const capture = command.configureOutput();
  command.configureOutput({ writeOut: (piece) => (text += piece), getOutHelpWidth: () => 80 });
  command.outputHelp();
  command.configureOutput(capture);
  const after = text.slice(command.helpInformation().length).trim();
  return after === "" ? "" : `.SH NOTES\n.nf\n${after.split("\n").map(line).join("\n")}\n.fi\n`;
}

const escaped = (text: string): string => text.replaceAll("\\", "\\e").replaceAll("-", "\\-");

/** A line of text. A dot or an apostrophe at its beginning would be a command. */
const line = (text: string): string => escaped(text).replace(/^(?=[.'])/, "\\&");
