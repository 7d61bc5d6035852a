import { stringify } from "yaml";
import type { Definition, Resource } from "../api/index.ts";
import type { ResourceFormat } from "./options.ts";
import { oneLine } from "./render.ts";

type Change = "created" | "updated" | "deleted";
type Row = readonly string[];

/** Prints resources. Of one that was asked for by its id, JSON is the object itself, and of others a list. */
export function listText(
  definition: Definition,
  resources: readonly Resource[],
  format: ResourceFormat,
  isOne: boolean,
): string {
  if (format === "json") {
    const [first] = resources;
    return `${JSON.stringify(isOne && first ? first : resources, null, 2)}\n`;
  }
  if (format === "yaml") return resources.map(yamlText).join("---\n");
  const isWide = format === "wide";
  return rowsText([headOf(definition, isWide), ...resources.map((each) => rowOf(definition, each, isWide))]);
}

/** The parts of what a watch prints. */
export interface WatchPrinter {
  changed(event: Change, resource: Resource): string;
  /** The text that waited until all that there was had come. */
  bootstrapped(): string;
}

const signs: Readonly<Record<Change, string>> = { created: "+", updated: "", deleted: "-" };

/**
 * Prints changes as they come. A table begins with a sign: `+` for what came, `-` for what went, and nothing for what
 * changed. Its columns are as wide as what there was at first asks for.
 */
export function watchPrinter(definition: Definition, format: ResourceFormat): WatchPrinter {
  if (format === "json")
    return {
      changed: (event, resource) => `${JSON.stringify({ event, ...resource })}\n`,
      bootstrapped: () => "",
    };
  if (format === "yaml")
    return {
      changed: (event, resource) => `---\nevent: ${event}\n${yamlText(resource)}`,
      bootstrapped: () => "",
    };
  const isWide = format === "wide";
  let waiting: Row[] | undefined = [["*", ...headOf(definition, isWide)]];
  let widths: readonly number[] = [];
  return {
    changed: (event, resource) => {
      const row = [signs[event], ...rowOf(definition, resource, isWide)];
      if (!waiting) return lineText(row, widths);
      waiting.push(row);
      return "";
    },
    bootstrapped: () => {
      const rows = waiting ?? [];
      waiting = undefined;
      widths = widthsOf(rows);
      return rowsText(rows);
    },
  };
}

const yamlText = (resource: Resource): string =>
  stringify(resource, { lineWidth: 0, aliasDuplicateObjects: false });

function headOf({ columns }: Definition, isWide: boolean): Row {
  const names = columns.map(({ name }) => name.toUpperCase());
  return isWide
    ? ["NAMESPACE", "TYPE", "ID", "VERSION", ...names, "CREATED", "UPDATED"]
    : ["ID", "VERSION", ...names];
}

function rowOf({ columns }: Definition, { metadata, spec }: Resource, isWide: boolean): Row {
  const values = columns.map(({ field }) => cellOf(valueAt(spec, field)));
  const { namespace, type, id, version, created, updated } = metadata;
  return isWide
    ? [namespace, type, id, String(version), ...values, created, updated].map(oneLine)
    : [id, String(version), ...values].map(oneLine);
}

const valueAt = (spec: unknown, field: string): unknown =>
  field
    .split(".")
    .reduce<unknown>(
      (value, name) =>
        typeof value === "object" && value !== null && Object.hasOwn(value, name)
          ? (value as Record<string, unknown>)[name]
          : undefined,
      spec,
    );

/** Writes a value into a cell: lists as JSON, as talosctl does. */
function cellOf(value: unknown): string {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

function widthsOf(rows: readonly Row[]): readonly number[] {
  const widths: number[] = [];
  for (const row of rows)
    for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, cell.length);
  return widths;
}

function rowsText(rows: readonly Row[]): string {
  const widths = widthsOf(rows);
  return rows.map((row) => lineText(row, widths)).join("");
}

const lineText = (row: Row, widths: readonly number[]): string =>
  `${row
    .map((cell, at) => cell.padEnd(widths[at] ?? 0))
    .join("   ")
    .trimEnd()}\n`;
