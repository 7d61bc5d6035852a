/**
 * The command line of a program that the kernel ends when its parent ends, for whatever reason. It serves `execa` and
 * `spawn`.
 */
export const bound = (...argv: readonly string[]): [file: string, args: string[]] => [
  "setpriv",
  ["--pdeathsig", "KILL", "--", ...argv],
];
