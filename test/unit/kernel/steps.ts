import { type Command, INPUT, type Step } from "../../../src/base/index.ts";

/** Commands that are carried out one after the other until one fails; what is observed afterwards is the same everywhere. */
export interface ContractStep {
  readonly name: string;
  readonly commands: readonly Command[];
  readonly fails?: true;
}

const programs = ["ip", "nft", "tc", "wg", "wireguard-go", "sysctl"] as const;

export function command(line: string): Command {
  const [name = "", ...args] = line.split(" ");
  const program = programs.find((each) => each === name);
  if (!program) throw new Error(`no tool: ${name}`);
  return { program, args };
}

export const step = (name: string, ...lines: string[]): ContractStep => ({
  name,
  commands: lines.map(command),
});
export const failing = (name: string, ...lines: string[]): ContractStep => ({
  ...step(name, ...lines),
  fails: true,
});
export const planned = (name: string, steps: readonly Step[]): ContractStep => ({
  name,
  commands: steps.flatMap(({ commands }) => commands),
});
export const transaction = (name: string, ...lines: string[]): ContractStep => ({
  name,
  commands: [{ program: "nft", args: ["-f", INPUT], input: lines.map((line) => `${line}\n`).join("") }],
});
export const failingTransaction = (name: string, ...lines: string[]): ContractStep => ({
  ...transaction(name, ...lines),
  fails: true,
});
