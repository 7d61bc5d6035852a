import type { Changed, PageNews, PageState, Rows } from "./wire.ts";

const lists = ["peers", "registries", "events", "repairs", "warnings"] as const;

type Row = Rows[(typeof lists)[number]][number];

/**
 * Tells what a browser does not know that was told `before`; `undefined` if that is nothing. Rows are compared as objects,
 * because `pageState` keeps those of which nothing changed.
 */
export function newsOf(before: PageState | undefined, now: PageState): PageNews | undefined {
  if (before === now) return undefined;
  const found: Record<string, unknown> = {};
  if (!before) found["begins"] = true;
  if (!before || JSON.stringify(before.node) !== JSON.stringify(now.node)) found["node"] = now.node;
  for (const list of lists) {
    const changed = changedRows<Row>(before?.[list] ?? [], now[list]);
    if (changed) found[list] = changed;
  }
  return Object.keys(found).length > 0 ? found : undefined;
}

function changedRows<Each extends { readonly id: string }>(
  before: readonly Each[],
  now: readonly Each[],
): Changed<Each> | undefined {
  const [known, present] = [new Set(before), new Set(now.map(({ id }) => id))];
  const rows = now.filter((row) => !known.has(row));
  const gone = before.filter(({ id }) => !present.has(id)).map(({ id }) => id);
  if (rows.length === 0 && gone.length === 0) return undefined;
  return { ...(rows.length > 0 && { rows }), ...(gone.length > 0 && { gone }) };
}

const nothing: PageState = {
  node: { name: "", address: "", interfaceName: "", work: "starting" },
  peers: [],
  registries: [],
  events: [],
  repairs: [],
  warnings: [],
};

/** Gives the state that a browser knows after these news. */
export function applied(before: PageState | undefined, news: PageNews): PageState {
  const known = (news.begins ? undefined : before) ?? nothing;
  return {
    node: news.node ?? known.node,
    peers: withChanges(known.peers, news.peers),
    registries: withChanges(known.registries, news.registries),
    events: withChanges(known.events, news.events),
    repairs: withChanges(known.repairs, news.repairs),
    warnings: withChanges(known.warnings, news.warnings),
  };
}

function withChanges<Each extends { readonly id: string }>(
  before: readonly Each[],
  changed: Changed<Each> | undefined,
): readonly Each[] {
  if (!changed) return before;
  const rows = new Map(before.map((row) => [row.id, row]));
  for (const id of changed.gone ?? []) rows.delete(id);
  for (const row of changed.rows ?? []) rows.set(row.id, row);
  return [...rows.values()];
}
