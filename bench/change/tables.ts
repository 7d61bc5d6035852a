import { parseTable, planTable } from "../../src/nftables/index.ts";
import { options, referenceTable } from "../marking/layouts.ts";
import { asTargets, type Family, families, networks, networksOf, numbers } from "../marking/peers.ts";

/** The networks of one family in a mesh of so many peers. */
type Mesh = (family: Family, peers: number) => string[];

/** A change of the mesh. The end of each change is the beginning of the next. */
export interface Change {
  readonly name: "one network replaced" | "one peer joins" | "one peer leaves" | "everything loaded";
  readonly before: Mesh;
  readonly after: Mesh;
}

/** In this mesh a peer in the middle has the pod network of a peer that is not there yet. */
const replaced: Mesh = (family, peers) => {
  const middle = peers >> 1;
  const [host = ""] = networksOf(family, middle);
  const [, pods = ""] = networksOf(family, peers + 1);
  return numbers(peers).flatMap((peer) => (peer === middle ? [host, pods] : networksOf(family, peer)));
};

const joined: Mesh = (family, peers) => [...replaced(family, peers), ...networksOf(family, peers)];

export const everything: Change = { name: "everything loaded", before: replaced, after: networks };

export const changes: readonly Change[] = [
  { name: "one network replaced", before: networks, after: replaced },
  { name: "one peer joins", before: replaced, after: joined },
  { name: "one peer leaves", before: joined, after: replaced },
  everything,
];

/** A layout for the networks. `script` is the input of nft for a change. */
export interface Table {
  readonly name: "ours" | "one interval set" | "rebuilt";
  readonly tellApart: string;
  readonly script: (change: Change, peers: number) => string;
}

const desired = (mesh: Mesh, peers: number): Parameters<typeof planTable>[0] => ({
  ...options,
  targets: asTargets(families.flatMap((family) => mesh(family, peers))),
});

const inputOf = (steps: ReturnType<typeof planTable>): string => String(steps[0]?.commands[0]?.input ?? "");

function ours(change: Change, peers: number): string {
  const { before, after } = change;
  const whole = inputOf(planTable(desired(before, peers), { kind: "absent" }));
  // nft lists the table without the two commands with which our text begins.
  const observed = parseTable(whole.replace(/^.*\n.*\n/, ""));
  return inputOf(planTable(desired(after, peers), change === everything ? { kind: "absent" } : observed));
}

const intervalTable = "inet intervals";

function interval(change: Change, peers: number): string {
  const { before, after } = change;
  const sets = families.map((family) => {
    const [old, wanted] = [before(family, peers), after(family, peers)].map((mesh) => new Set(mesh));
    const gone = [...(old ?? [])].filter((network) => !wanted?.has(network));
    const come = [...(wanted ?? [])].filter((network) => !old?.has(network));
    return { family, gone, come, all: [...(wanted ?? [])] };
  });
  if (change === everything)
    return [
      `table ${intervalTable} {}\ndelete table ${intervalTable}\ntable ${intervalTable} {`,
      ...sets.map(
        ({ family, all }) =>
          `set t${family} { type ipv${family}_addr; flags interval; elements = { ${all.join(", ")} }\n}`,
      ),
      "}\n",
    ].join("\n");
  const line = (verb: string, family: Family, elements: readonly string[]): string[] =>
    elements.length === 0 ? [] : [`${verb} element ${intervalTable} t${family} { ${elements.join(", ")} }\n`];
  return sets
    .flatMap(({ family, gone, come }) => [...line("delete", family, gone), ...line("add", family, come)])
    .join("");
}

const rebuilt = ({ after }: Change, peers: number): string =>
  `table inet reference {}\ndelete table inet reference\n${referenceTable((family) => after(family, peers))}`;

export const tables: readonly Table[] = [
  {
    name: "ours",
    tellApart: "hash sets for nodes and for networks of one size, a tree for the rest; changed elements only",
    script: ours,
  },
  {
    name: "one interval set",
    tellApart: "of each family, all networks in one tree; changed elements only",
    script: interval,
  },
  { name: "rebuilt", tellApart: "the table of the reference, deleted and made again", script: rebuilt },
];
