import { commandText, type Step } from "../base/index.ts";

/** Writes a plan for people: each step, with its commands below it. Secrets are never part of it. */
export function planText(steps: readonly Step[]): string {
  if (steps.length === 0) return "nothing to do\n";
  const lines = steps.flatMap((step) => [
    `${step.stage.padEnd(7)}${step.text}`,
    ...step.commands.flatMap((command) =>
      commandText(command)
        .split("\n")
        .map((line) => `         ${line}`),
    ),
  ]);
  return `${lines.join("\n")}\n`;
}
