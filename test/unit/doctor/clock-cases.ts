import { soundNode } from "./node.ts";
import type { Case } from "./registry-cases.ts";

/** The cases about the clock of the machine. */
export const clockCases: readonly Case[] = [
  [
    "a clock before the installation",
    { clock: { ...soundNode.clock, now: 1_000 } },
    "clock",
    "error",
    /1970.*timedatectl set-ntp true/,
  ],
  ["a clock of its own", { clock: { ...soundNode.clock, synchronised: false } }, "clock", "warning"],
  ["nobody to tell the time", { clock: { ...soundNode.clock, synchronised: undefined } }, "clock", "ok"],
];
