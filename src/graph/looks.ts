import type { Edge } from "./graph.ts";

/** The look of each way: a colour that is told from the others on white and on black, and whether the line is broken. */
export const looks: Readonly<Record<Edge["way"], { readonly colour: string; readonly isBroken: boolean }>> = {
  direct: { colour: "#2e9e4f", isBroken: false },
  mapped: { colour: "#2e9e4f", isBroken: false },
  guessed: { colour: "#1d8fb8", isBroken: false },
  relayed: { colour: "#d98200", isBroken: true },
  carried: { colour: "#a45fd0", isBroken: true },
  none: { colour: "#d64545", isBroken: true },
};
