import { KubespanError } from "../base/index.ts";

/** Indents all lines of a text but the first. A message may quote what a tool printed, and none of that may look like ours. */
const indented = (text: string): string => text.replaceAll("\n", "\n  ");

/** An error as it is shown on a terminal: what happened, and below it what can be done. `as` is such as "warning: ". */
export function complaintOf(error: unknown, as = ""): string {
  if (!(error instanceof KubespanError))
    return `kubespan: ${as}${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`;
  const hint = error.hint === undefined ? "" : `  ${indented(error.hint)}\n`;
  return `kubespan: ${as}${indented(error.message)}\n${hint}`;
}
