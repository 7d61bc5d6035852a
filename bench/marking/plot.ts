/** A line through points, in order of x. */
export interface Line {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

export interface Panel {
  readonly title: string;
  readonly lines: readonly Line[];
}

const [width, height, margin, columns] = [300, 200, 40, 2] as const;
const legendHeight = 60;
/** The colours of Okabe and Ito, which people with colour blindness can tell apart. */
const colours = ["#999999", "#000000", "#56b4e9", "#d55e00", "#0072b2", "#009e73", "#cc79a7", "#e69f00"];
const highest = 1.2;

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

/** Draws panels side by side as SVG: lines, or bars where there is one size only. The x axis is logarithmic, the y axis goes from 0 to a little more than 1. */
export function plot(title: string, panels: readonly Panel[]): string {
  const rows = Math.ceil(panels.length / columns);
  const [total, tall] = [
    columns * (width + margin) + margin,
    rows * (height + 2 * margin) + legendHeight + margin,
  ];
  const names = [...new Set(panels.flatMap(({ lines }) => lines.map(({ name }) => name)))];
  const colourOf = (name: string): string => colours[names.indexOf(name) % colours.length] ?? "black";
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${total} ${tall}" font-family="sans-serif" font-size="11">`,
    `<rect width="${total}" height="${tall}" fill="white"/>`,
    `<text x="${margin}" y="22" font-size="14">${escaped(title)}</text>`,
    ...names.map((name, index) => legend(name, colourOf(name), index)),
    ...panels.map((panel, index) => {
      const [x, y] = [
        margin + (index % columns) * (width + margin),
        legendHeight + margin + Math.floor(index / columns) * (height + 2 * margin),
      ];
      return `<g transform="translate(${x},${y})">\n${panelText(panel, colourOf)}\n</g>`;
    }),
    "</svg>",
    "",
  ].join("\n");
}

function legend(name: string, colour: string, index: number): string {
  const [x, y] = [margin + (index % 4) * 160, 42 + Math.floor(index / 4) * 18];
  return `<line x1="${x}" y1="${y}" x2="${x + 20}" y2="${y}" stroke="${colour}" stroke-width="2"/><text x="${x + 26}" y="${y + 4}">${escaped(name)}</text>`;
}

const top = (y: number): number => Math.round((1 - Math.min(y, highest) / highest) * height * 10) / 10;

function panelText({ title, lines }: Panel, colourOf: (name: string) => string): string {
  const xs = [...new Set(lines.flatMap(({ points }) => points.map(({ x }) => x)))].sort(
    (left, right) => left - right,
  );
  const [first = 1, last = 10] = [xs[0], xs.at(-1)];
  const span = Math.log(last) - Math.log(first) || 1;
  const left = (x: number): number => Math.round(((Math.log(x) - Math.log(first)) / span) * width * 10) / 10;
  return [
    `<text x="0" y="-8" font-weight="bold">${escaped(title)}</text>`,
    ...[0, 0.25, 0.5, 0.75, 1].map(
      (y) =>
        `<line x1="0" y1="${top(y)}" x2="${width}" y2="${top(y)}" stroke="#dddddd"/><text x="-6" y="${top(y) + 4}" text-anchor="end">${y}</text>`,
    ),
    ...xs.map(
      (x) =>
        `<text x="${xs.length === 1 ? width / 2 : left(x)}" y="${height + 16}" text-anchor="middle">${x}</text>`,
    ),
    ...(xs.length === 1
      ? bars(lines, colourOf)
      : lines.map((line) => lineText(line, left, colourOf(line.name)))),
  ].join("\n");
}

function lineText({ points }: Line, left: (x: number) => number, colour: string): string {
  const path = points.map(({ x, y }) => `${left(x)},${top(y)}`).join(" ");
  const dots = points.map(({ x, y }) => `<circle cx="${left(x)}" cy="${top(y)}" r="2" fill="${colour}"/>`);
  return `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="1.5"/>${dots.join("")}`;
}

/** A bar for each line, side by side: a line through one point would say nothing. */
function bars(lines: readonly Line[], colourOf: (name: string) => string): string[] {
  const step = width / Math.max(1, lines.length);
  return lines.flatMap(({ name, points: [point] }, index) =>
    point
      ? `<rect x="${Math.round(index * step + step * 0.15)}" y="${top(point.y)}" width="${Math.round(step * 0.7)}" height="${Math.round((height - top(point.y)) * 10) / 10}" fill="${colourOf(name)}"/>`
      : [],
  );
}
