import { copier, filter, firewall, translator } from "./node.ts";
import type { Case } from "./registry-cases.ts";

/** The cases about other software that uses marks, or translates or drops what is the mesh's. */
export const markCases: readonly Case[] = [
  ["somebody with our bits", { others: firewall }, "marks", "warning", /inet firewall.*sets 0x40.*set marks/],
  ["somebody who copies whole marks", { others: copier }, "marks", "warning", /copies.*--nfmask 0xffffff9f/],
  [
    "somebody who drops what comes out of the mesh",
    { others: filter },
    "marks",
    "error",
    /firewalld.*iifname .*kubespan.* accept.*--validmark/,
  ],
  [
    "somebody who translates",
    { others: translator },
    "marks",
    "warning",
    /changes every source.*except what/,
  ],
];
