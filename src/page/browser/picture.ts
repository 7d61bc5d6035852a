import type { PeerRow, WayName } from "../wire.ts";
import type { Layout, PlacedSite } from "./layout.ts";
import { roundTripText } from "./words.ts";

/** Something to draw, in pixels. */
export interface Picture {
  readonly center: Point;
  readonly sites: readonly DrawnSite[];
  readonly lines: readonly Line[];
  readonly dots: readonly Dot[];
  readonly dotRadius: number;
}

interface DrawnSite extends Point {
  readonly radius: number;
  readonly text: string;
  /** The height of the text: outside of the circle, away from this node. */
  readonly textY: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Line {
  readonly id: string;
  readonly from: Point;
  readonly to: Point;
  readonly way: WayName;
  /** The round trip, where there is room for it, and the place for it. */
  readonly text: string;
  readonly middle: Point;
}

export interface Dot extends Point {
  readonly id: string;
  readonly way: WayName;
  /** The name, where there is room for it. */
  readonly text: string;
  /** The side on which the name stands: away from this node. */
  readonly isLeft: boolean;
  /** What is said of the peer when it is pointed at. */
  readonly about: string;
}

/** The most peers whose names and round trips are written; with more, sites say it for their peers together. */
const mostNamed = 40;
const mostNamedSites = 24;
const narrow = 560;
const margin = 28;
/** The width that names take beside the outermost sites. */
const nameWidth = 110;
/** The part of a line after which its round trip stands: where lines to one site are apart already. */
const textAt = 0.7;

/**
 * Draws a layout into a space. Sites move apart where the space is wide, and stay circles. A line goes over the member that
 * passes the packets on, if that is a peer.
 */
export function pictureOf(
  layout: Layout,
  peers: readonly PeerRow[],
  space: { readonly width: number; readonly height: number },
): Picture {
  const center = { x: space.width / 2, y: space.height / 2 };
  const isNamed = peers.length <= mostNamed && space.width >= narrow;
  const wide = Math.max(1, center.x - margin - (isNamed ? nameWidth : 0)) / layout.extent.x;
  const high = Math.max(1, center.y - margin) / layout.extent.y;
  const scale = Math.min(wide, high);
  const places = new Map<string, Point>();
  for (const site of layout.sites)
    for (const { id, x, y } of site.peers)
      places.set(id, {
        x: center.x + site.x * wide + (x - site.x) * scale,
        y: center.y + site.y * high + (y - site.y) * scale,
      });
  const byName = new Map(peers.map(({ name, id }) => [name, places.get(id)]));
  const rows = new Map(peers.map((peer) => [peer.id, peer]));
  const dots: Dot[] = [];
  const lines: Line[] = [];
  for (const peer of peers) {
    const to = places.get(peer.id);
    if (!to) continue;
    const from = (peer.way === "relayed" && byName.get(peer.via ?? "")) || center;
    const { id, way } = peer;
    const text = isNamed ? short(peer.name) : "";
    dots.push({ ...to, id, way, text, isLeft: to.x < center.x, about: aboutOf(peer) });
    const middle = { x: from.x + (to.x - from.x) * textAt, y: from.y + (to.y - from.y) * textAt };
    const isMeasured = isNamed && way !== "none";
    lines.push({ id, from, to, middle, way, text: isMeasured ? roundTripText(peer.roundTrip) : "" });
  }
  const areSitesNamed = layout.sites.length <= mostNamedSites && space.width >= narrow;
  return {
    center,
    dots,
    lines,
    dotRadius: Math.min(7, Math.max(1.5, scale * 0.55)),
    sites: layout.sites.map((site) => {
      const y = center.y + site.y * high;
      const radius = Math.max(3, site.radius * scale);
      return {
        x: center.x + site.x * wide,
        y,
        radius,
        text: areSitesNamed ? siteText(site, rows, isNamed) : "",
        textY: site.y > 0 ? y + radius + 14 : y - radius - 5,
      };
    }),
  };
}

/** Round trips of a site stand beside its name where they do not stand on the lines. */
function siteText({ name, peers }: PlacedSite, rows: ReadonlyMap<string, PeerRow>, isNamed: boolean): string {
  if (isNamed) return name;
  const measured = peers
    .flatMap(({ id }) => rows.get(id)?.roundTrip ?? [])
    .sort((left, right) => left - right);
  const median = measured[Math.floor(measured.length / 2)];
  return [name, `${peers.length} peers`, roundTripText(median)].filter(Boolean).join(", ");
}

const short = (name: string): string => (name.length > 20 ? `${name.slice(0, 19)}…` : name);

const aboutOf = ({ name, state, way, via, roundTrip, site }: PeerRow): string =>
  [name, state, via === undefined ? way : `${way} via ${via}`, roundTripText(roundTrip), site]
    .filter(Boolean)
    .join(", ");

/** The peer next to a point, if one is near. */
export function dotAt({ dots, dotRadius }: Picture, at: Point): Dot | undefined {
  let nearest: Dot | undefined;
  let least = (dotRadius + 6) ** 2;
  for (const dot of dots) {
    const distance = (dot.x - at.x) ** 2 + (dot.y - at.y) ** 2;
    if (distance <= least) [nearest, least] = [dot, distance];
  }
  return nearest;
}

/** The picture in words, for those who do not see it. */
export function pictureText(peers: readonly PeerRow[]): string {
  const sites = new Set(peers.map(({ site }) => site)).size;
  return `This node and ${peers.length} peers in ${sites} sites: ${countsOf(peers)
    .map(({ name, count }) => `${count} ${name}`)
    .join(", ")}. The table of peers tells the same.`;
}

/** The numbers of peers by way, and those of states that need a look. */
export function countsOf(
  peers: readonly PeerRow[],
): readonly { readonly name: string; readonly count: number }[] {
  const names = ["up", "suspected", "unknown", "down", "direct", "mapped", "guessed", "relayed", "carried"];
  return names
    .map((name) => ({ name, count: peers.filter(({ state, way }) => state === name || way === name).length }))
    .filter(({ name, count }) => count > 0 || name === "up");
}
