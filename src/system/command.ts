/**
 * One run of a tool, as a value: it can be planned, printed, compared in a test and run.
 * `input` becomes the contents of a 0600 file whose path replaces the argument `INPUT`; tools re-open their standard
 * input and fail on the socket pair that Node gives them.
 */
export interface Command {
  readonly program: "ip" | "nft" | "wg" | "wireguard-go" | "sysctl";
  readonly args: readonly string[];
  readonly input?: string;
  /** The process outlives this one: started in a session of its own, not waited for. */
  readonly detached?: true;
}

/** Stands in `args` for the path of the file that holds `input`. */
export const INPUT = "{input}";

/** The command as an operator would type it; input, if any, below it. */
export function commandText(command: Command): string {
  const line = [command.program, ...command.args].join(" ");
  if (command.input === undefined) return line;
  return `${line.replace(INPUT, "-")} <<\n${command.input.trimEnd()}`;
}
