import fc from "fast-check";
import { expect, test } from "vitest";
import { announcement } from "../../../src/page/browser/announce.ts";
import { bounded } from "../../../src/page/browser/bounded.ts";
import { forms } from "../../../src/page/browser/columns.ts";
import { layoutOf } from "../../../src/page/browser/layout.ts";
import { countsOf, dotAt, pictureOf, pictureText } from "../../../src/page/browser/picture.ts";
import { partText, rowsOnPage, shownRows } from "../../../src/page/browser/rows.ts";
import { ageText, bytesText, momentText, roundTripText } from "../../../src/page/browser/words.ts";
import { type PageState, type PeerRow, pageState } from "../../../src/page/index.ts";
import { status } from "../cli/status-values.ts";

const now = 1_000_000_000_000;

const row = (id: string, more: Partial<PeerRow> = {}): PeerRow => ({
  id,
  name: id,
  state: "up",
  way: "direct",
  address: "fd00::1",
  site: "10.1.0.0/16",
  since: now,
  receivedBytes: 0,
  sentBytes: 0,
  ...more,
});

const { columns } = forms.peers;
const asked = { search: "", column: 0, isDescending: false, page: 0 };
const idsOf = (rows: readonly PeerRow[], more: Partial<typeof asked>): string[] =>
  shownRows(rows, columns, { ...asked, ...more }, now).rows.map(({ id }) => id);

test("rows are sorted by what a column means, troubled peers first, and numbers in names as numbers", () => {
  const rows = [row("node10"), row("node2", { roundTrip: 9 }), row("x", { state: "down", roundTrip: 100 })];
  expect(idsOf(rows, {})).toEqual(["node2", "node10", "x"]);
  expect(idsOf(rows, { isDescending: true })).toEqual(["x", "node10", "node2"]);
  expect(idsOf(rows, { column: 1 })).toEqual(["x", "node2", "node10"]);
  const trip = columns.findIndex(({ title }) => title === "Round trip");
  expect(idsOf(rows, { column: trip })).toEqual(["node2", "x", "node10"]);
});

test("a search finds rows that hold every word, in any column", () => {
  const rows = [row("a", { way: "relayed", via: "Relay" }), row("b", { trouble: "relay is gone" }), row("c")];
  expect(idsOf(rows, { search: " RELAY " })).toEqual(["a", "b"]);
  expect(idsOf(rows, { search: "relay gone" })).toEqual(["b"]);
  expect(idsOf(rows, { search: "nobody" })).toEqual([]);
});

test("a table shows one page, and says which", () => {
  const rows = Array.from({ length: 120 }, (_, index) => row(`n${index}`));
  const last = shownRows(rows, columns, { ...asked, page: 99 }, now);
  expect([last.page, last.pages, last.rows.length]).toEqual([2, 3, 120 - 2 * rowsOnPage]);
  expect(partText(last, 120)).toBe("101 to 120 of 120");
  expect(partText(shownRows(rows, columns, { ...asked, search: "n11" }, now), 120)).toBe(
    "1 to 11 of 11 found, of 120",
  );
  expect(partText({ rows: [], found: 0, page: 0, pages: 1 }, 120)).toBe("none of 120 found");
  expect(partText({ rows: [], found: 0, page: 0, pages: 1 }, 0)).toBe("none");
});

test("sites do not overlap, their peers lie in them, and all are within the extent", () => {
  const peers = fc.array(fc.nat(30), { maxLength: 300 });
  fc.assert(
    fc.property(peers, (sites) => {
      const layout = layoutOf(sites.map((site, index) => row(`n${index}`, { site: `site${site}` })));
      for (const [index, site] of layout.sites.entries()) {
        expect(Math.abs(site.x) + site.radius).toBeLessThanOrEqual(layout.extent.x + 1e-9);
        expect(Math.abs(site.y) + site.radius).toBeLessThanOrEqual(layout.extent.y + 1e-9);
        expect(Math.hypot(site.x, site.y) - site.radius).toBeGreaterThan(1);
        for (const each of site.peers)
          expect(Math.hypot(each.x - site.x, each.y - site.y)).toBeLessThanOrEqual(site.radius);
        for (const other of layout.sites.slice(index + 1))
          expect(Math.hypot(site.x - other.x, site.y - other.y)).toBeGreaterThan(site.radius + other.radius);
      }
    }),
    { numRuns: 100 },
  );
});

test("a line goes over the member that passes packets on, and bears the round trip", () => {
  const peers = [
    row("relay", { roundTrip: 4.25 }),
    row("behind", { site: "far", way: "relayed", via: "relay", roundTrip: 40 }),
    row("lost", { way: "none", state: "down", roundTrip: 7 }),
  ];
  const picture = pictureOf(layoutOf(peers), peers, { width: 1000, height: 600 });
  const [relay, behind, lost] = picture.lines;
  expect(relay).toMatchObject({ from: picture.center, way: "direct", text: "4.3 ms" });
  expect(behind).toMatchObject({ from: relay?.to, way: "relayed", text: "40 ms" });
  expect(lost).toMatchObject({ way: "none", text: "" });
  expect(dotAt(picture, behind?.to ?? { x: 0, y: 0 })?.about).toBe(
    "behind, up, relayed via relay, 40 ms, far",
  );
  expect(dotAt(picture, { x: 1, y: 1 })).toBeUndefined();
  expect(pictureText(peers)).toContain("3 peers in 2 sites: 2 up, 1 down, 1 direct, 1 relayed");
  expect(countsOf([])).toEqual([{ name: "up", count: 0 }]);
});

test("with many peers the sites tell names and round trips", () => {
  const peers = Array.from({ length: 200 }, (_, index) =>
    row(`n${index}`, { site: `site${index % 4}`, roundTrip: index }),
  );
  const { lines, dots, sites } = pictureOf(layoutOf(peers), peers, { width: 1000, height: 600 });
  expect(new Set([...lines, ...dots].map(({ text }) => text))).toEqual(new Set([""]));
  expect(sites.map(({ text }) => text)).toContain("site0, 50 peers, 100 ms");
});

test("a screen reader is told which peers changed, and of many how many", () => {
  const base = pageState({ status: status(), events: [] }, now);
  const stateOf = (...peers: PeerRow[]): PageState => ({ ...base, peers });
  const before = stateOf(row("a"), row("b"));
  expect(announcement(undefined, before)).toBeUndefined();
  expect(announcement(before, stateOf(row("a", { sentBytes: 5 }), row("b")))).toBeUndefined();
  expect(announcement(before, stateOf(row("a", { state: "down" }), row("c")))).toBe(
    "a is down; c is up; b is gone",
  );
  const all = Array.from({ length: 9 }, (_, index) => row(`n${index}`));
  expect(announcement(before, stateOf(...all))).toBe("n0 is up; n1 is up; n2 is up; and 8 more");
});

test("numbers are written for people", () => {
  expect([0, 999, 1024, 1.5 * 1024 ** 2, 200 * 1024 ** 3, 2 ** 70].map(bytesText)).toEqual([
    "0 B",
    "999 B",
    "1.0 KiB",
    "1.5 MiB",
    "200 GiB",
    "1048576 PiB",
  ]);
  expect([0, 59, 60, 7200, 200_000].map((age) => ageText(now - age * 1000, now))).toEqual([
    "0 s",
    "59 s",
    "1 min",
    "2 h",
    "2 d",
  ]);
  expect([ageText(undefined, now), ageText(now + 5000, now)]).toEqual(["", "0 s"]);
  expect([undefined, 0.44, 12.6].map(roundTripText)).toEqual(["", "0.4 ms", "13 ms"]);
  expect(momentText(now, now)).toMatch(/^\d\d:\d\d:\d\d$/);
  expect(momentText(now - 86_400_000 * 2, now)).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
});

test("what is longer than anything a daemon sends is cut", () => {
  const value = bounded({
    a: "x".repeat(65_536),
    b: [{ c: "y".repeat(500) }],
    d: Array(9_999).fill(1),
    e: null,
  });
  expect(JSON.stringify(value).length).toBeLessThan(10_000);
  expect(bounded({ a: "short", b: 5 })).toEqual({ a: "short", b: 5 });
});
