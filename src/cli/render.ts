import Table from "cli-table3";
import { printable } from "../base/index.ts";

/** A plain table that fits a terminal: no borders, columns two spaces apart. */
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
