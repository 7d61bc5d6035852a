/** How a program is started that the kernel ends when whoever started it ends, however that is: for `execa` and `spawn`. */
export const bound = (...argv: readonly string[]): [file: string, args: string[]] => [
  "setpriv",
  ["--pdeathsig", "KILL", "--", ...argv],
];
