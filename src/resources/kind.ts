import type { Column, Definition, Spec } from "../api/index.ts";
import type { Seen } from "./seen.ts";

/** One resource before it has a version. */
export interface Drawn {
  readonly id: string;
  readonly spec: Spec;
}

/** A kind of resource, and how it follows from what the daemon has seen. */
export interface Kind {
  readonly definition: Definition;
  /** Draws all resources of the kind. No two of them have one id. */
  readonly draw: (seen: Seen) => readonly Drawn[];
}

/** A kind as its file describes it. */
interface Description {
  readonly type: string;
  readonly namespace: string;
  /** Short names, besides those that are made from the type. */
  readonly aliases?: readonly string[];
  /** The columns as `Name: field`. */
  readonly columns: Readonly<Record<string, string>>;
  readonly inputs: readonly string[];
  readonly description: string;
  readonly draw: Kind["draw"];
}

/** Makes a kind, with the aliases and columns in the form that clients read. */
export const kindOf = ({ aliases = [], columns, draw, ...rest }: Description): Kind => ({
  definition: {
    ...rest,
    aliases: [...new Set([...aliasesOf(rest.type), ...aliases])],
    columns: Object.entries(columns).map(([name, field]): Column => ({ name, field })),
  },
  draw,
});

/** The aliases of a type, as Talos makes them: in lower case, one or many, and the initials of a name of several words. */
export function aliasesOf(type: string): string[] {
  const [plural = ""] = type.split(".");
  const singular = singularOf(plural);
  const initials = plural.replace(/[^A-Z]/g, "").toLowerCase();
  const names = [singular, plural].map((name) => name.toLowerCase());
  return [...new Set(initials.length > 1 ? [...names, initials, `${initials}s`] : names)];
}

const singularOf = (plural: string): string =>
  plural.endsWith("ies")
    ? plural.replace(/ies$/, "y")
    : plural.endsWith("uses")
      ? plural.replace(/es$/, "")
      : plural.replace(/s$/, "");

/** The kinds that somebody may mean by a name. */
export function kindsNamed(kinds: readonly Kind[], name: string, namespace?: string): readonly Kind[] {
  const word = name.toLowerCase();
  const named = kinds.filter(({ definition: { type, aliases } }) => {
    const full = type.toLowerCase();
    return full === word || full.startsWith(`${word}.`) || aliases.includes(word);
  });
  return namespace === undefined
    ? named.filter(
        (kind, at) => named.findIndex((other) => other.definition.type === kind.definition.type) === at,
      )
    : named.filter(({ definition }) => definition.namespace === namespace);
}
