import type { Column } from "./columns.ts";

/** What the reader of a table asked for. */
export interface Asked {
  readonly search: string;
  readonly column: number;
  readonly isDescending: boolean;
  /** The page, from 0 on. */
  readonly page: number;
}

/** The part of a table that is shown. */
export interface Shown<Row> {
  readonly rows: readonly Row[];
  /** The number of rows that were found. */
  readonly found: number;
  readonly page: number;
  readonly pages: number;
}

export const rowsOnPage = 50;

/** Digits in names count as numbers: node2 comes before node10. */
const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

/** Finds, sorts and cuts what is shown. A row is found if its cells hold every word of the search. */
export function shownRows<Row extends { readonly id: string }>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  { search, column, isDescending, page }: Asked,
  now: number,
): Shown<Row> {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const isFound = (row: Row): boolean => {
    const text = columns
      .map((each) => each.text(row, now))
      .join("\n")
      .toLowerCase();
    return words.every((word) => text.includes(word));
  };
  const found = words.length === 0 ? [...rows] : rows.filter(isFound);
  const [by] = [columns[column] ?? columns[0]];
  const keyed = found.map((row) => ({ row, key: by?.order?.(row) ?? by?.text(row, now) ?? "" }));
  const direction = isDescending ? -1 : 1;
  keyed.sort(
    (left, right) => direction * compare(left.key, right.key) || compare(nameOf(left.row), nameOf(right.row)),
  );
  const pages = Math.max(1, Math.ceil(found.length / rowsOnPage));
  const at = Math.min(Math.max(0, page), pages - 1);
  const cut = keyed.slice(at * rowsOnPage, (at + 1) * rowsOnPage).map(({ row }) => row);
  return { rows: cut, found: found.length, page: at, pages };

  function nameOf(row: Row): string {
    return columns[0]?.text(row, now) ?? row.id;
  }
}

function compare(left: number | string, right: number | string): number {
  if (typeof left === "number" && typeof right === "number")
    return left === right ? 0 : left < right ? -1 : 1;
  return collator.compare(String(left), String(right));
}

/** The words below a table that say which part of it is shown. */
export function partText({ rows, found, page }: Shown<unknown>, all: number): string {
  if (all === 0) return "none";
  if (found === 0) return `none of ${all} found`;
  const first = page * rowsOnPage + 1;
  return `${first} to ${first + rows.length - 1} of ${found}${found < all ? ` found, of ${all}` : ""}`;
}
