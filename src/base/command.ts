import type { Secret } from "./secret.ts";

/** One run of a tool as a value, which can be planned, printed, compared in a test and run. */
export type Command = ToolRun | DetachedStart;

type Program = "ip" | "nft" | "tc" | "wg" | "wireguard-go" | "sysctl" | "systemctl" | "systemd-notify";

/**
 * A tool that does something and ends. `input` becomes the contents of a nameless file, whose path in /proc replaces
 * each argument `INPUT`: tools re-open their standard input, and fail on the socket pair that Node gives them. A
 * `Secret` is written in base64.
 */
export interface ToolRun {
  readonly program: Program;
  readonly args: readonly string[];
  readonly input?: string | Secret;
  readonly detached?: never;
}

/** A process that outlives this one. It counts as started when the ready file (a socket) exists. */
interface DetachedStart {
  readonly program: Program;
  readonly args: readonly string[];
  readonly input?: never;
  readonly detached: { readonly readyFile: string; readonly device: string };
}

/** A placeholder in `args` for the path of the file that holds `input`. */
export const INPUT = "{input}";

/** The command as an operator would type it, with the input below it unless that is secret. */
export function commandText(command: Command): string {
  const line = [command.program, ...command.args].join(" ");
  return typeof command.input === "string" ? `${line}\n${command.input.trimEnd()}` : line;
}
