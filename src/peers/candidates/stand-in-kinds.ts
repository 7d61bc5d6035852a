import { carried } from "./carried.ts";
import { relayed } from "./relayed.ts";

/** The kinds of endpoints that stand in, by name. */
export const standInKinds = { relayed, carried } as const;
export type StandInKindName = keyof typeof standInKinds;
