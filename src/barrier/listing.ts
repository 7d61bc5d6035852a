import { wordOf } from "../base/index.ts";

/** What hangs at the egress of one link. */
export interface LinkFilters {
  readonly name: string;
  /** Whether filters can be put there: one qdisc holds them, for everybody. */
  readonly hasQdisc: boolean;
  /** Ours by their number: the programs as tc shows them. */
  readonly programs: ReadonlyMap<number, string>;
  /** Whether others have filters at this link, in either direction. */
  readonly hasOthers: boolean;
}

/** Our place among the filters of a link. */
export const preference = 18;

/** Links that have the qdisc, from `tc qdisc show`. */
export const linksWithQdisc = (text: string): string[] =>
  [...text.matchAll(/^qdisc clsact \S+ dev (\S+) /gm)].flatMap(([, name]) => name ?? []);

/** From `tc filter show dev NAME egress` and `... ingress`. What cannot be read is somebody else's. */
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
