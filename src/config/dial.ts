import type { z } from "zod";
import { listOf, prefix, section } from "./fields.ts";

/** Which endpoints of peers are dialled, by network. What is added here reaches the kinds of candidates as it is. */
export const dial = section({
  /** Of a peer that has endpoints in these, only those are dialled. */
  pin: listOf(prefix(), "prefixes"),
  /** Dialled before others, the first network first. */
  prefer: listOf(prefix(), "prefixes"),
  /** Never dialled. */
  forbid: listOf(prefix(), "prefixes"),
}).prefault({});

export type DialRules = Readonly<z.output<typeof dial>>;

/** Of a configuration that says nothing about it. */
export const noDialRules: DialRules = dial.parse({});
