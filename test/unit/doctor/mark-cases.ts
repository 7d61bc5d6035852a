import { firewall, translator } from "./node.ts";
import type { Case } from "./registry-cases.ts";

/** The cases about other software that uses marks, or translates what is the mesh's. */
export const markCases: readonly Case[] = [
  ["somebody with our bits", { others: firewall }, "marks", "warning", /inet firewall.*sets 0x40.*set marks/],
  [
    "somebody who translates",
    { others: translator },
    "marks",
    "warning",
    /changes every source.*except what/,
  ],
];
