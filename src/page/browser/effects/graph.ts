import type { PageState, PeerRow } from "../../wire.ts";
import { type Layout, layoutOf } from "../layout.ts";
import { dotAt, type Picture, pictureOf, pictureText } from "../picture.ts";
import { CanvasPicture } from "./canvas.ts";
import { byId, setText } from "./element.ts";
import { SvgPicture } from "./svg.ts";

/** The most peers that are drawn as elements. */
const mostElements = 300;

/** The mesh as this node sees it. It is placed anew when peers come, go or move to another site, and else only coloured. */
export class GraphView {
  readonly #space = byId("mesh");
  readonly #pointed = byId("pointed");
  #drawing: SvgPicture | CanvasPicture = new SvgPicture();
  #state: PageState | undefined;
  #placedFor: readonly PeerRow[] = [];
  #layout: Layout = layoutOf([]);
  #picture: Picture | undefined;

  constructor() {
    this.#space.append(this.#drawing.element);
    new ResizeObserver(() => this.#draw()).observe(this.#space);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#draw());
    this.#space.addEventListener("pointermove", (event) => this.#point(event));
    this.#space.addEventListener("pointerdown", (event) => this.#point(event));
  }

  show(state: PageState): void {
    const { peers } = state;
    const isSame =
      peers.length === this.#placedFor.length &&
      peers.every(({ id, site }, index) => {
        const before = this.#placedFor[index];
        return before?.id === id && before.site === site;
      });
    if (!isSame) this.#layout = layoutOf(peers);
    this.#placedFor = peers;
    this.#state = state;
    const isLarge = peers.length > mostElements;
    if (isLarge !== this.#drawing instanceof CanvasPicture) {
      this.#drawing = isLarge ? new CanvasPicture() : new SvgPicture();
      this.#space.replaceChildren(this.#drawing.element);
    }
    this.#draw();
  }

  #draw(): void {
    if (!this.#state) return;
    const { peers, node } = this.#state;
    const { width, height } = this.#space.getBoundingClientRect();
    this.#picture = pictureOf(this.#layout, peers, { width, height });
    this.#drawing.show(this.#picture, node.name);
    this.#drawing.element.setAttribute("aria-label", pictureText(peers));
  }

  #point({ clientX, clientY }: PointerEvent): void {
    if (!this.#picture) return;
    const { left, top } = this.#space.getBoundingClientRect();
    setText(this.#pointed, dotAt(this.#picture, { x: clientX - left, y: clientY - top })?.about ?? "");
  }
}
