import type { Dot, Line, Picture } from "../picture.ts";
import { drawn, setClass, setText } from "./element.ts";

/** A picture of few peers, as elements: lines and dots that stay what they are only change what changed. */
export class SvgPicture {
  readonly element = drawn("svg", { role: "img" });
  readonly #sites = drawn("g");
  readonly #lines = drawn("g");
  readonly #dots = drawn("g");
  readonly #known = new Map<string, SVGGElement>();

  constructor() {
    this.element.append(this.#sites, this.#lines, this.#dots);
  }

  show({ center, sites, lines, dots, dotRadius }: Picture, ownName: string): void {
    this.#sites.replaceChildren(
      ...sites.flatMap(({ x, y, radius, text, textY }) => [
        drawn("circle", { class: "site", cx: round(x), cy: round(y), r: round(radius) }),
        drawn("text", { x: round(x), y: round(textY) }, text),
      ]),
    );
    const used = new Set<string>();
    for (const line of lines) this.#line(this.#group(this.#lines, `line ${line.id}`, used, "path"), line);
    for (const dot of dots)
      this.#dot(this.#group(this.#dots, `dot ${dot.id}`, used, "circle"), dot, dotRadius);
    this.#own(this.#group(this.#dots, "own", used, "circle"), center, ownName);
    for (const [id, group] of this.#known) if (!used.has(id) && this.#known.delete(id)) group.remove();
  }

  #group(within: SVGGElement, id: string, used: Set<string>, tag: "path" | "circle"): SVGGElement {
    used.add(id);
    const group = this.#known.get(id) ?? drawn("g", {}, drawn(tag), drawn("text"));
    if (!this.#known.has(id)) within.append(group);
    this.#known.set(id, group);
    return group;
  }

  #line({ children: [path, label] }: SVGGElement, { from, to, middle, way, text }: Line): void {
    if (!path || !label) return;
    setClass(path, `line ${way}`);
    set(path, "d", `M${round(from.x)} ${round(from.y)}L${round(to.x)} ${round(to.y)}`);
    set(label, "x", String(round(middle.x)));
    set(label, "y", String(round(middle.y + 4)));
    setText(label, text);
  }

  #dot({ children: [circle, label] }: SVGGElement, { x, y, way, text, isLeft }: Dot, radius: number): void {
    if (!circle || !label) return;
    setClass(circle, `dot ${way}`);
    place(circle, x, y, radius);
    setClass(label, isLeft ? "left" : "right");
    set(label, "x", String(round(isLeft ? x - radius - 5 : x + radius + 5)));
    set(label, "y", String(round(y + 4)));
    setText(label, text);
  }

  #own({ children: [circle, label] }: SVGGElement, { x, y }: Picture["center"], name: string): void {
    if (!circle || !label) return;
    setClass(circle, "own");
    place(circle, x, y, 9);
    set(label, "x", String(round(x)));
    set(label, "y", String(round(y + 24)));
    setText(label, name.length > 24 ? `${name.slice(0, 23)}…` : name);
  }
}

const round = (value: number): number => Math.round(value * 10) / 10;

function place(circle: Element, x: number, y: number, radius: number): void {
  set(circle, "cx", String(round(x)));
  set(circle, "cy", String(round(y)));
  set(circle, "r", String(round(radius)));
}

function set(node: Element, name: string, value: string): void {
  if (node.getAttribute(name) !== value) node.setAttribute(name, value);
}
