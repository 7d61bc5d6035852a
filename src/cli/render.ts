import Table from "cli-table3";
import { printable } from "../base/index.ts";

/** The width of a terminal that every operator has. */
export const columns = 80;
/** The narrowest last column that is worth it; what does not fit stands below its row then. */
const narrowest = 24;
const indent = "    ";

/**
 * A table of which no line is longer than a terminal is wide. The last column takes what is left, on several lines if it
 * needs them; where it does not fit into that, it stands below its row.
 */
export function fittingTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows].map((row) => row.map(oneLine));
  const first = all.map((row) => row.slice(0, -1));
  const widths = head.slice(0, -1).map((_, at) => Math.max(...first.map((row) => row[at]?.length ?? 0)));
  const used = widths.reduce((sum, width) => sum + width + 2, 0);
  const room = columns - used;
  return all
    .flatMap((row) => {
      const left = widths.map((width, at) => `${(row[at] ?? "").padEnd(width)}  `).join("");
      const last = row.at(-1) ?? "";
      const longestWord = Math.max(...last.split(" ").map(({ length }) => length));
      const isBeside = last.length <= room || (room >= narrowest && longestWord <= room);
      if (!isBeside)
        return [...wrapped(left, columns), ...wrapped(last, columns - indent.length).map(indented)];
      return wrapped(last, room).map((line, at) => `${at === 0 ? left : " ".repeat(used)}${line}`);
    })
    .map((line) => line.trimEnd())
    .join("\n");
}

const indented = (line: string): string => `${indent}${line}`;

/** Lines of at most this width, broken at spaces where there are any. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (let rest = text; ; ) {
    if (rest.length <= width) return [...lines, rest];
    const at = rest.lastIndexOf(" ", width);
    const end = at > 0 ? at : width;
    lines.push(rest.slice(0, end));
    rest = rest.slice(at > 0 ? end + 1 : end);
  }
}

/** A text that is cut to a width: in the middle, since names differ at their ends. */
export function cut(text: string, width: number): string {
  if (text.length <= width) return text;
  const half = Math.floor((width - 2) / 2);
  return `${text.slice(0, width - 2 - half)}..${text.slice(-half)}`;
}

/** A plain table as wide as its contents: no borders, columns two spaces apart. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const none = "";
  const made = new Table({
    head: [...head],
    style: { head: [], border: [], "padding-left": 0, "padding-right": 2 },
    chars: {
      top: none,
      "top-mid": none,
      "top-left": none,
      "top-right": none,
      bottom: none,
      "bottom-mid": none,
      "bottom-left": none,
      "bottom-right": none,
      left: none,
      "left-mid": none,
      mid: none,
      "mid-mid": none,
      right: none,
      "right-mid": none,
      middle: none,
    },
  });
  made.push(...rows.map((row) => row.map(oneLine)));
  return made.toString().replace(/ +$/gm, "");
}

/** Longer fields are cut: the library that lays out tables takes a minute for one of 64 KiB. */
const longestField = 1000;

/** The text as one printable line of bounded length: fields come from other nodes and may hold anything. */
export const oneLine = (text: string): string => printable(text, longestField);

/** A number of bytes for people: 1.5 KiB, 12 MiB. */
export function bytes(count: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  let value = count;
  let unit = 0;
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024;
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

const margin = 12;

/** Facts one below the other, each with its name before it; long ones go on below themselves. */
export const factsText = (facts: readonly (readonly [name: string, value: string])[]): string =>
  facts
    .flatMap(([name, value]) =>
      wrapped(oneLine(value), columns - margin).map(
        (line, at) => `${(at === 0 ? `${name}:` : "").padEnd(margin)}${line}`,
      ),
    )
    .join("\n");
