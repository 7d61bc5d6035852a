import type { Picture } from "../picture.ts";
import { element } from "./element.ts";

const dashes: Readonly<Record<string, number[]>> = {
  direct: [],
  mapped: [],
  guessed: [12, 3],
  relayed: [6, 4],
  carried: [2, 4],
  none: [1, 7],
};

/** A picture of many peers, which is drawn anew as a whole. */
export class CanvasPicture {
  readonly element = element("canvas", { role: "img" });

  show({ center, sites, lines, dots, dotRadius }: Picture): void {
    const { width, height } = this.element.getBoundingClientRect();
    const density = window.devicePixelRatio || 1;
    this.element.width = Math.round(width * density);
    this.element.height = Math.round(height * density);
    const pen = this.element.getContext("2d");
    if (!pen) return;
    const colour = getComputedStyle(this.element);
    const named = (name: string): string => colour.getPropertyValue(`--${name}`);
    pen.scale(density, density);
    pen.lineWidth = 1;
    for (const { x, y, radius } of sites) {
      circle(pen, x, y, radius);
      pen.fillStyle = named("raised");
      pen.fill();
      pen.strokeStyle = named("edge");
      pen.stroke();
    }
    for (const [way, inWay] of Map.groupBy(lines, (line) => line.way)) {
      pen.beginPath();
      for (const { from, to } of inWay) {
        pen.moveTo(from.x, from.y);
        pen.lineTo(to.x, to.y);
      }
      pen.setLineDash(dashes[way] ?? []);
      pen.strokeStyle = named(way);
      pen.globalAlpha = 0.35;
      pen.stroke();
    }
    pen.setLineDash([]);
    pen.globalAlpha = 1;
    for (const { x, y, way } of dots) {
      circle(pen, x, y, dotRadius);
      pen.fillStyle = named(way);
      pen.fill();
    }
    circle(pen, center.x, center.y, 9);
    pen.fillStyle = named("text");
    pen.fill();
    pen.font = "12px system-ui, sans-serif";
    pen.textAlign = "center";
    pen.lineWidth = 3;
    pen.strokeStyle = named("ground");
    for (const { x, text, textY } of sites) {
      pen.strokeText(text, x, textY);
      pen.fillText(text, x, textY);
    }
  }
}

function circle(pen: CanvasRenderingContext2D, x: number, y: number, radius: number): void {
  pen.beginPath();
  pen.arc(x, y, radius, 0, 2 * Math.PI);
}
