import type { PeerRow } from "../wire.ts";

/** A peer in the picture. This node is at 0, 0. */
interface Placed {
  readonly id: string;
  readonly x: number;
  readonly y: number;
}

/** A site: a circle around its peers. */
export interface PlacedSite {
  readonly name: string;
  readonly x: number;
  readonly y: number;
  readonly radius: number;
  readonly peers: readonly Placed[];
}

export interface Layout {
  readonly sites: readonly PlacedSite[];
  /** The half width and height of everything, of which this node is the middle. */
  readonly extent: { readonly x: number; readonly y: number };
}

/** Half the distance between two peers of a site, in which all others are measured. */
const step = 1;
/** The angle between two seeds of a sunflower, which fills a circle evenly. */
const golden = Math.PI * (3 - Math.sqrt(5));
const gap = 1.2;
const innermost = 4;

/**
 * Places the peers: those of a site in a circle, and the circles on rings around this node, the largest first. The picture
 * depends on the ids and sites alone, so it stays as it is while states change.
 */
export function layoutOf(peers: readonly Pick<PeerRow, "id" | "site">[]): Layout {
  const sites = [...Map.groupBy(peers, ({ site }) => site)]
    .map(([name, inSite]) => ({
      name,
      ids: inSite.map(({ id }) => id).sort(),
      radius: radiusOf(inSite.length),
    }))
    .sort((left, right) => right.radius - left.radius || (left.name < right.name ? -1 : 1));
  const placed: PlacedSite[] = [];
  let inner = innermost;
  for (let next = 0; next < sites.length; ) {
    const { radius = step } = sites[next] ?? {};
    const distance = inner + radius;
    const ring = ringOf(sites.slice(next), distance);
    const spare =
      (2 * Math.PI - ring.reduce((sum, site) => sum + angleOf(site.radius, distance), 0)) / ring.length;
    let angle = -Math.PI / 2;
    for (const site of ring) {
      const width = angleOf(site.radius, distance) + spare;
      angle += width / 2;
      placed.push(placedSite(site, distance * Math.cos(angle), distance * Math.sin(angle)));
      angle += width / 2;
    }
    next += ring.length;
    inner = distance + radius + gap;
  }
  const reach = (axis: "x" | "y"): number =>
    Math.max(innermost, ...placed.map((site) => Math.abs(site[axis]) + site.radius));
  return { sites: placed, extent: { x: reach("x"), y: reach("y") } };
}

interface Site {
  readonly name: string;
  readonly ids: readonly string[];
  readonly radius: number;
}

/** The most peers that stand in a row, across the lines that lead to them, so that there is room for their names. */
const mostInRow = 8;
const rowStep = 1.15 * step;

const radiusOf = (peers: number): number =>
  peers <= mostInRow ? (rowStep * (peers - 1)) / 2 + step : step * (1 + Math.sqrt(peers) * 1.15);

/** The angle that a circle takes on a ring. */
const angleOf = (radius: number, distance: number): number =>
  2 * Math.asin(Math.min(1, (radius + gap / 2) / distance));

/** Takes the sites that have room on a ring: one at least. */
function ringOf(sites: readonly Site[], distance: number): readonly Site[] {
  let taken = 0;
  const end = sites.findIndex((site, index) => {
    taken += angleOf(site.radius, distance);
    return index > 0 && taken > 2 * Math.PI;
  });
  return end < 0 ? sites : sites.slice(0, end);
}

function placedSite({ name, ids, radius }: Site, x: number, y: number): PlacedSite {
  const offset = ids.length <= mostInRow ? inRow(ids.length, Math.atan2(y, x)) : inSunflower;
  const peers = ids.map((id, index) => {
    const { across, along } = offset(index);
    return { id, x: x + across, y: y + along };
  });
  return { name, x, y, radius, peers };
}

type Offset = (index: number) => { readonly across: number; readonly along: number };

const inSunflower: Offset = (index) => {
  const from = step * 1.15 * Math.sqrt(index + 0.5);
  return { across: from * Math.cos(index * golden), along: from * Math.sin(index * golden) };
};

/** A row stands upright enough for names beside each other's. */
function inRow(length: number, angle: number): Offset {
  const upright = Math.max(0.6, Math.abs(Math.cos(angle)));
  const slanted = -Math.sign(Math.sin(angle) * Math.cos(angle) || 1) * Math.sqrt(1 - upright ** 2);
  return (index) => {
    const from = (index - (length - 1) / 2) * rowStep;
    return { across: from * slanted, along: from * upright };
  };
}
