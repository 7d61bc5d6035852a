import { KubespanError, mainLink, wordOf } from "../base/index.ts";

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

/**
 * The preference of our filters among those of a link. Each mesh on a node has its own, which follows from the name of
 * its link, so that neither takes the other's filters for its own.
 */
export const preferenceOf = (interfaceName: string): number =>
  interfaceName === mainLink
    ? 18
    : firstOfOthers +
      (Buffer.from(interfaceName).reduce((sum, byte) => (sum * 31 + byte) >>> 0, 0) % manyOfOthers);

/** The preferences of meshes with other names: above those that programs choose, and below those that the kernel does. */
const firstOfOthers = 1000;
const manyOfOthers = 30_011; // it is a prime, so that all letters of a name count

/** The links that have the `clsact` qdisc, from `tc qdisc show`. */
export const linksWithQdisc = (text: string): string[] =>
  [...text.matchAll(/^qdisc clsact \S+ dev (\S+) /gm)].flatMap(([, name]) => name ?? []);

/** The questions to tc about a link that has the qdisc. The list of its qdiscs marks where each list of filters begins. */
export const filterQuestions = (name: string): string[][] =>
  ["egress", "ingress"].flatMap((way) => [
    ["qdisc", "show", "dev", name],
    ["filter", "show", "dev", name, way],
  ]);

/** The filters of these links, from the answers to their `filterQuestions`. Throws when a link lost its qdisc meanwhile. */
export function filtersOf(names: readonly string[], answers: string, preference: number): LinkFilters[] {
  const [, ...listings] = answers.split(/^qdisc clsact .*\n/m);
  if (listings.length !== 2 * names.length)
    throw new KubespanError("command", "the links changed while their filters were read", {
      hint: "nothing has to be done: they are read again",
    });
  return names.map((name, at) =>
    parseFilters(name, listings[2 * at] ?? "", listings[2 * at + 1] ?? "", preference),
  );
}

/**
 * Parses `tc filter show dev NAME egress` and `... ingress`. A filter that cannot be parsed counts as one of other
 * software.
 */
export function parseFilters(name: string, egress: string, ingress: string, preference: number): LinkFilters {
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
