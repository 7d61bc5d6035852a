import { type Command, INPUT, mainLink, type Step, type ToolRun } from "../base/index.ts";
import { type Marks, maskOf, type Prefix } from "../net/index.ts";
import { isContainerLink, type Link, linksBelow } from "../routing/index.ts";
import { type LinkFilters, preferenceOf } from "./listing.ts";
import { programsFor } from "./program.ts";

/** The traffic that the second barrier stops, and the links at which it does. */
interface DesiredBarrier {
  readonly targets: readonly Prefix[];
  readonly marks: Marks;
  readonly listenPort: number;
  /** All links of the node. */
  readonly links: readonly Link[];
  /** The name of the mesh's link. */
  readonly interfaceName: string;
}

/**
 * The filters that were found, or the reason why the kernel, its tools or other software leave no place for ours. `isUnread`
 * means that `tc` exists and failed, so that filters may be there all the same.
 */
export type ObservedBarrier =
  | { readonly kind: "unavailable"; readonly reason: string; readonly isUnread?: boolean }
  | { readonly kind: "seen"; readonly links: readonly LinkFilters[] };

/**
 * The links by which packets leave the node, apart from the links of this mesh and of others. Ports of a bridge are left out, as they
 * also carry the traffic of machines behind the bridge, and the node's own traffic passes the bridge itself. Links of
 * containers are left out, as they lead to this node.
 */
export const guardedLinks = (links: readonly Link[], interfaceName: string): Link[] =>
  linksBelow(links, interfaceName).filter(
    ({ name, isPort }) => !isPort && name !== "lo" && !isContainerLink(name),
  );

/** The names of the links that are guarded or may have been. Links of containers, of which there may be hundreds, never were. */
export const mayHaveFilters = (links: readonly Link[]): string[] =>
  links.map(({ name }) => name).filter((name) => name !== "lo" && !isContainerLink(name));

/**
 * The link that shows that Cilium runs. Cilium claims the filters of links for itself, and packets that its programs
 * redirect would be stopped by ours.
 */
const ciliumLink = "cilium_host";

/** The reason why a second barrier is impossible on this node; `undefined` if it is possible. */
export function obstacle(marks: Marks, links: readonly Link[]): string | undefined {
  const both = maskOf(marks);
  if (both === marks.fromWireGuard || both === marks.toWireGuard)
    return "one of the marks holds all bits of the other: set marks with bits of their own";
  if (links.some(({ name }) => name === ciliumLink)) return "Cilium has programs of its own at the links";
  return undefined;
}

/** The largest number of programs at one link, which is enough for some 16,000 networks. */
const mostPrograms = 32;

/**
 * The steps from the observed filters to the desired ones. There are none if nothing differs or nothing can be done.
 * `undefined` as the desired barrier removes our filters.
 */
export function planSecondBarrier(
  desired: DesiredBarrier | undefined,
  observed: ObservedBarrier,
  interfaceName = desired?.interfaceName ?? mainLink,
): Step[] {
  const preference = preferenceOf(interfaceName);
  if (observed.kind === "unavailable") return [];
  const guarded = desired ? guardedLinks(desired.links, desired.interfaceName) : [];
  const wanted = new Map(guarded.map((link) => [link.name, desired ? programsOf(desired, link) : []]));
  const seen = new Map(observed.links.map((link) => [link.name, link]));
  const names = [...new Set([...wanted.keys(), ...seen.keys()])];
  return names.flatMap((name) => planLink({ name, preference }, wanted.get(name) ?? [], seen.get(name)));
}

/**
 * The filters after the steps of `planSecondBarrier` were carried out; `undefined` where nobody can know. Nobody has looked
 * for those of other software, so there may be some: what is there of them is found out before their place is taken away.
 */
export function filtersAfter(
  desired: DesiredBarrier,
  observed: ObservedBarrier,
): ObservedBarrier | undefined {
  if (observed.kind === "unavailable") return undefined;
  const guarded = new Map(
    guardedLinks(desired.links, desired.interfaceName).map((link) => [link.name, link]),
  );
  const seen = new Map(observed.links.map((link) => [link.name, link]));
  const links = [...new Set([...guarded.keys(), ...seen.keys()])].flatMap((name): LinkFilters[] => {
    const link = guarded.get(name);
    const wanted = link ? programsOf(desired, link) : [];
    const { hasQdisc = false, hasOthers = false, programs } = seen.get(name) ?? {};
    const isLeft = wanted.length > 0 || (hasQdisc && (hasOthers || programs?.size === 0));
    const kept = new Map(wanted.map((program, at) => [at + 1, program]));
    return isLeft ? [{ name, hasQdisc: true, hasOthers: true, programs: kept }] : [];
  });
  return { kind: "seen", links };
}

/**
 * The steps that take the barrier away. A place for filters that holds none is left of a barrier that was cut short, if
 * there was one and nobody else uses the place. Otherwise it may be somebody's who is about to, and stays.
 */
export function planNoSecondBarrier(
  observed: ObservedBarrier,
  interfaceName: string,
  wasThere: boolean,
): Step[] {
  if (observed.kind === "unavailable") return [];
  const preference = preferenceOf(interfaceName);
  return observed.links.flatMap(({ name, programs, hasOthers }) => {
    if (programs.size > 0) return [removal({ name, preference }, hasOthers)];
    return wasThere && !hasOthers
      ? [step(`take the empty place for filters from ${name}`, [noQdisc(name)])]
      : [];
  });
}

const programsOf = ({ targets, marks, listenPort }: DesiredBarrier, { hardwareAddress }: Link): string[] =>
  programsFor(targets, { marks, listenPort, hardwareAddress }).slice(0, mostPrograms);

function planLink(place: Place, wanted: readonly string[], seen: LinkFilters | undefined): Step[] {
  const { name } = place;
  const programs = seen?.programs ?? new Map<number, string>();
  const changed = wanted.flatMap((program, at) =>
    programs.get(at + 1) === program ? [] : [{ handle: at + 1, program }],
  );
  const extra = [...programs.keys()].filter((handle) => handle > wanted.length);
  if (changed.length === 0 && extra.length === 0) return [];
  if (wanted.length === 0) return [removal(place, seen?.hasOthers ?? true)];
  return [
    step(`hold back at ${name} what the table would not stop, if it were gone`, [
      // Another program may make the place at the same time: it is made unless it is there.
      ...(seen?.hasQdisc ? [] : [tc("qdisc", "replace", "dev", name, "clsact")]),
      ...changed.map(({ handle, program }) => ({
        ...tc("filter", "replace", ...placeOf(place, handle), "da", "bytecode-file", INPUT),
        input: program,
      })),
      ...extra.map((handle) => tc("filter", "del", ...placeOf(place, handle))),
    ]),
  ];
}

/** The link at which our filters are, and their preference there. */
interface Place {
  readonly name: string;
  readonly preference: number;
}

const placeOf = ({ name, preference }: Place, handle: number): string[] =>
  `dev ${name} egress protocol all pref ${preference} handle ${handle} bpf`.split(" ");

function removal({ name, preference }: Place, hasOthers: boolean): Step {
  const filters = ["filter", "del", "dev", name, "egress", "pref", String(preference)];
  return hasOthers
    ? step(`hold nothing back at ${name} any more, and leave clsact to the filters of others`, [
        tc(...filters),
      ])
    : step(`hold nothing back at ${name} any more`, [noQdisc(name)]);
}

const noQdisc = (name: string): ToolRun => tc("qdisc", "del", "dev", name, "clsact");

const tc = (...args: string[]): ToolRun => ({ program: "tc", args });

const step = (text: string, commands: readonly Command[]): Step => ({ stage: "swap", text, commands });
