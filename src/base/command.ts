import type { Secret } from "./secret.ts";

/**
 * One run of a tool, as a value: it can be planned, printed, compared in a test and run.
 * `input` becomes the contents of a nameless file whose path in /proc replaces each argument `INPUT`; tools re-open their
 * standard input and fail on the socket pair that Node gives them. A `Secret` is written in base64.
 */
export interface Command {
  readonly program: "ip" | "nft" | "tc" | "wg" | "wireguard-go" | "sysctl" | "systemd-notify";
  readonly args: readonly string[];
  readonly input?: string | Secret;
  /** The process outlives this one; it counts as started when the file (a socket) exists. */
  readonly detached?: { readonly readyFile: string };
}

/** Stands in `args` for the path of the file that holds `input`. */
export const INPUT = "{input}";

/** The command as an operator would type it; input, unless secret, below it. */
export function commandText(command: Command): string {
  const line = [command.program, ...command.args].join(" ");
  return typeof command.input === "string" ? `${line}\n${command.input.trimEnd()}` : line;
}
