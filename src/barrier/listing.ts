import { wordOf } from "../base/index.ts";

/** The traffic control filters at the egress of one link. */
export interface LinkFilters {
  readonly name: string;
  /** Whether the link has the `clsact` qdisc, which holds the filters of all programs. */
  readonly hasQdisc: boolean;
  /** Our programs, as tc prints them, by their handle. */
  readonly programs: ReadonlyMap<number, string>;
  /** Whether other software has filters at this link, in either direction. */
  readonly hasOthers: boolean;
}

/** The preference of our filters among those of a link. */
export const preference = 18;

/** The links that have the `clsact` qdisc, from `tc qdisc show`. */
export const linksWithQdisc = (text: string): string[] =>
  [...text.matchAll(/^qdisc clsact \S+ dev (\S+) /gm)].flatMap(([, name]) => name ?? []);

/**
 * Parses `tc filter show dev NAME egress` and `... ingress`. A filter that cannot be parsed counts as one of other
 * software.
 */
export function parseFilters(name: string, egress: string, ingress: string): LinkFilters {
  const lines = egress.split("\n").filter((line) => line.startsWith("filter "));
  const programs = new Map<number, string>();
  let hasOthers = /^filter /m.test(ingress);
  for (const line of lines) {
    if (!new RegExp(`^filter (?:parent \\S+ )?protocol all pref ${preference} bpf chain 0 `).test(line))
      hasOthers = true;
    const [, handle, program] = / handle (0x[0-9a-f]+) direct-action .*bytecode '([^']*)'/.exec(line) ?? [];
    const number = wordOf(handle);
    if (number !== undefined && program !== undefined && line.includes(` pref ${preference} `))
      programs.set(number, program);
  }
  return { name, hasQdisc: true, programs, hasOthers };
}
