const units = [
  ["d", 86_400],
  ["h", 3_600],
  ["min", 60],
] as const;

/** The time since a moment, in one unit. */
export function ageText(at: number | undefined, now: number): string {
  if (at === undefined) return "";
  const seconds = Math.max(0, Math.round((now - at) / 1000));
  const [unit, length] = units.find(([, each]) => seconds >= each) ?? ["s", 1];
  return `${Math.floor(seconds / length)} ${unit}`;
}

const sizes = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/** A number of bytes with at most one digit after the point. */
export function bytesText(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(sizes.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  return `${value < 100 && power > 0 ? value.toFixed(1) : Math.round(value)} ${sizes[power]}`;
}

export const roundTripText = (ms: number | undefined): string =>
  ms === undefined ? "" : `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;

/** The locale that writes moments from the year to the second, in local time. */
const inOrder = "sv-SE";

/** The local time, with the day where that is another one than today. */
export function momentText(at: number, now: number): string {
  const [moment, today] = [new Date(at), new Date(now)];
  return moment.toDateString() === today.toDateString()
    ? moment.toLocaleTimeString(inOrder)
    : moment.toLocaleString(inOrder);
}
