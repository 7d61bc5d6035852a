import type { Step } from "../base/index.ts";
import { type Command, INPUT, type ToolRun } from "../base/index.ts";
import { type Marks, maskOf, type Prefix } from "../net/index.ts";
import { isContainerLink, type Link } from "../routing/index.ts";
import { type LinkFilters, preference } from "./listing.ts";
import { programsFor } from "./program.ts";

/** What the second barrier stops, and where. */
interface DesiredBarrier {
  readonly targets: readonly Prefix[];
  readonly marks: Marks;
  readonly listenPort: number;
  /** All links of the node. */
  readonly links: readonly Link[];
  /** The link of the mesh. */
  readonly interfaceName: string;
}

/** What is there; `unavailable` where this kernel, its tools or somebody else's programs leave no place for it. */
export type ObservedBarrier =
  | { readonly kind: "unavailable"; readonly reason: string }
  | { readonly kind: "seen"; readonly links: readonly LinkFilters[] };

/**
 * Links by which packets leave the node, the mesh's own left out. A port of a bridge carries what machines behind the
 * bridge say, too: what the node itself says passes the bridge. Links of containers lead to what is on this node.
 */
export const guardedLinks = (links: readonly Link[], interfaceName: string): Link[] =>
  links.filter(
    ({ name, isPort }) => !isPort && name !== "lo" && name !== interfaceName && !isContainerLink(name),
  );

/** Cilium keeps the filters of links for itself, and what its programs redirect would be stopped here. */
const ciliumLink = "cilium_host";

/** Why a second barrier cannot be, if it cannot. */
export function obstacle(marks: Marks, links: readonly Link[]): string | undefined {
  const both = maskOf(marks);
  if (both === marks.fromWireGuard || both === marks.toWireGuard)
    return "one of the marks holds all bits of the other: set marks with bits of their own";
  if (links.some(({ name }) => name === ciliumLink)) return "Cilium has programs of its own at the links";
  return undefined;
}

/** The largest number of programs at one link: some 16,000 networks. */
const mostPrograms = 32;

/** `undefined`: none. Nothing to do, or nothing that can be done: no step. */
export function planSecondBarrier(desired: DesiredBarrier | undefined, observed: ObservedBarrier): Step[] {
  if (observed.kind === "unavailable") return [];
  const guarded = desired ? guardedLinks(desired.links, desired.interfaceName) : [];
  const wanted = new Map(guarded.map((link) => [link.name, desired ? programsOf(desired, link) : []]));
  const seen = new Map(observed.links.map((link) => [link.name, link]));
  const names = [...new Set([...wanted.keys(), ...seen.keys()])];
  return names.flatMap((name) => planLink(name, wanted.get(name) ?? [], seen.get(name)));
}

const programsOf = ({ targets, marks, listenPort }: DesiredBarrier, { hardwareAddress }: Link): string[] =>
  programsFor(targets, { marks, listenPort, hardwareAddress }).slice(0, mostPrograms);

function planLink(name: string, wanted: readonly string[], seen: LinkFilters | undefined): Step[] {
  const programs = seen?.programs ?? new Map<number, string>();
  const changed = wanted.flatMap((program, at) =>
    programs.get(at + 1) === program ? [] : [{ handle: at + 1, program }],
  );
  const extra = [...programs.keys()].filter((handle) => handle > wanted.length);
  if (changed.length === 0 && extra.length === 0) return [];
  if (wanted.length === 0) return [removal(name, seen?.hasOthers ?? true)];
  return [
    step(`hold back at ${name} what the table would not stop, if it were gone`, [
      ...(seen?.hasQdisc ? [] : [tc("qdisc", "add", "dev", name, "clsact")]),
      ...changed.map(({ handle, program }) => ({
        ...tc("filter", "replace", ...placeOf(name, handle), "da", "bytecode-file", INPUT),
        input: program,
      })),
      ...extra.map((handle) => tc("filter", "del", ...placeOf(name, handle))),
    ]),
  ];
}

const placeOf = (name: string, handle: number): string[] =>
  `dev ${name} egress protocol all pref ${preference} handle ${handle} bpf`.split(" ");

function removal(name: string, hasOthers: boolean): Step {
  const filters = ["filter", "del", "dev", name, "egress", "pref", String(preference)];
  return step(`hold nothing back at ${name} any more`, [
    hasOthers ? tc(...filters) : tc("qdisc", "del", "dev", name, "clsact"),
  ]);
}

const tc = (...args: string[]): ToolRun => ({ program: "tc", args });

const step = (text: string, commands: readonly Command[]): Step => ({ stage: "swap", text, commands });
