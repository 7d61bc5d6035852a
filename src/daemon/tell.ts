import { type Decision, registriesBehind } from "../mesh/index.ts";
import type { Transition } from "../peers/index.ts";
import type { MeshParts } from "./mesh-parts.ts";

type Parts = Pick<MeshParts, "log" | "config" | "registries">;
type Polled = Decision["polled"];
type Told = Polled["transitions"][number];

/** The number of peers of which one poll tells singly; the others are counted. */
const mostNamed = 10;

const levels: Readonly<Record<Transition["kind"], "info" | "warn">> = {
  up: "info",
  suspected: "info",
  answers: "info",
  down: "warn",
  unreached: "warn",
};

const together: Readonly<Record<Transition["kind"], string>> = {
  up: "more are up",
  suspected: "more are suspected",
  answers: "more answer again",
  down: "more are down",
  unreached: "more are not reached",
};

/** Logs what has become of peers since the last poll: each change once, and of very many at once only some by name. */
export function tellChanges(
  parts: Parts,
  { changed, transitions }: Pick<Polled, "changed" | "transitions">,
  specs: Decision["specs"],
): void {
  const { log } = parts;
  for (const { label, from, to, reason } of changed)
    log.info(`${label} is reached at ${to}, no longer at ${from}: ${reason}`);
  if (transitions.length === 0) return;
  const groups = Map.groupBy(transitions, ({ kind }) => kind);
  for (const [kind, group] of groups) {
    const level = levels[kind];
    for (const each of group.slice(0, mostNamed))
      log[level](`${each.label} ${each.text}${consequence(each, parts, specs)}`);
    if (group.length > mostNamed) log[level](`${group.length - mostNamed} ${together[kind]}`);
  }
}

/**
 * Logs what a decision changes against the one before: what has become of peers, and the warnings about what this node
 * says of itself, such as that others refuse it. Each is told once, as long as it holds.
 */
export function tellDecision(
  parts: Parts,
  { polled, specs, warnings }: Pick<Decision, "polled" | "specs" | "warnings">,
  before: Pick<Decision, "warnings"> | undefined,
): void {
  const known = new Set(before?.warnings.map(textOf));
  for (const warning of warnings) if (!known.has(textOf(warning))) parts.log.warn(textOf(warning));
  tellChanges(parts, polled, specs);
}

const textOf = ({ who, what }: Decision["warnings"][number]): string => `${who} ${what}`;

/** What else is lost with a peer: a discovery service to which the way leads through its tunnel. */
function consequence(
  { kind, publicKey }: Told,
  { registries, config }: Parts,
  specs: Decision["specs"],
): string {
  if (kind !== "down") return "";
  const spec = specs.peers.find((each) => each.publicKey === publicKey);
  const behind = spec ? registriesBehind(spec, registries.states(), config.services) : [];
  return behind
    .map(
      ({ registry }) =>
        `; discovery service ${registry.name} is reached through it, so until it is up this node does not hear where ` +
        "others have moved to",
    )
    .join("");
}
