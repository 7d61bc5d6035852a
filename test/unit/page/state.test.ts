import { expect, test } from "vitest";
import { applied, most, newsOf, pageState } from "../../../src/page/index.ts";
import { peer, status } from "../cli/status-values.ts";
import { endpoint } from "../mesh/values.ts";
import { disturbs, hostileTexts } from "../security/hostile-text.ts";

const now = 1_000_000_000_000;
const at = endpoint("203.0.113.2:51820");
const up = peer(2, { label: "b", endpoint: at, roundTrips: { [at]: 12.345 }, way: { kind: "direct" } });
const base = { status: status({ peers: [up] }), events: [] };

test("a row of a peer tells its way, round trip, site and moments", () => {
  expect(pageState(base, now).peers).toEqual([
    {
      id: "id2",
      name: "b",
      state: "up",
      way: "direct",
      endpoint: at,
      address: up.address,
      site: "203.0.113.0/24",
      roundTrip: 12.3,
      since: now - 111_000,
      handshakeAt: now - 100_000,
      receivedBytes: 1_234_567_890,
      sentBytes: 98_765,
    },
  ]);
});

test("what is wrong is the most certain cause with its cure, and else what is seen", () => {
  const down = peer(3, { state: "down", trouble: "no answer" });
  const cause = { kind: "no-udp", what: "UDP is blocked", cure: "open the port" };
  const rows = pageState(
    { ...base, status: status({ peers: [down, { ...down, causes: [cause] }] }) },
    now,
  ).peers;
  expect(rows.map(({ way, trouble }) => [way, trouble])).toEqual([
    ["none", "no answer"],
    ["none", "UDP is blocked: open the port"],
  ]);
});

test("the site of a peer behind another one is where it would be dialled", () => {
  const candidates = [
    { endpoint: endpoint("127.0.0.1:9"), kind: "relayed", reason: "" },
    { endpoint: endpoint("10.7.8.9:51820"), kind: "private", reason: "" },
  ] as const;
  const relayed = peer(3, { way: { kind: "relayed", via: "b" }, candidates });
  const lost = peer(4, { way: { kind: "relayed", via: "b" } });
  const six = peer(5);
  const sites = pageState({ ...base, status: status({ peers: [relayed, lost, six] }) }, now).peers;
  expect(sites.map(({ site }) => site)).toEqual(["10.7.0.0/16", "unknown", "2001:db8:1::/48"]);
});

test("foreign text is printable and short, and lists are bounded", () => {
  for (const [name, text] of hostileTexts) {
    const peers = [
      peer(1, { label: text, state: "down", trouble: text, way: { kind: "relayed", via: text } }),
    ];
    const warnings = [{ who: text, what: text }];
    const registries = [
      { name: text, location: text, phase: "connecting" as const, error: text, affiliates: 0, refused: [] },
    ];
    const events = [{ number: 1, at: "2026-01-05T09:12:00.000Z", level: text, text }];
    const state = pageState({ status: status({ peers, warnings, registries }), events }, now);
    const shown = JSON.stringify(state);
    expect(disturbs(shown), name).toBe(false);
    expect(shown.length, name).toBeLessThan(4_000);
  }
  const many = Array.from({ length: 5_000 }, (_, index) => ({ ...up, nodeId: `n${index}` }));
  const events = many.map((_, index) => ({
    number: index,
    at: "2026-01-05T09:12:00.000Z",
    level: "info",
    text: "a",
  }));
  const state = pageState({ status: status({ peers: many }), events }, now);
  expect(state.peers).toHaveLength(most.peers);
  expect(state.events.map(({ id }) => id)).toEqual(
    events.slice(-most.events).map(({ number }) => String(number)),
  );
});

test("a later look at the same is no news, although ages were rounded in between", () => {
  const before = pageState(base, now);
  const later = {
    ...base,
    status: status({ peers: [{ ...up, stateSeconds: 116, handshakeAgeSeconds: 105 }] }),
  };
  const after = pageState(later, now + 5_600, before);
  expect(newsOf(before, after)).toBeUndefined();
  expect(after.peers[0]).toBe(before.peers[0]);
});

test("news are what changed, and lead to the same state", () => {
  const c = peer(3, { label: "c" });
  const before = pageState({ ...base, status: status({ peers: [up, c] }) }, now);
  const d = peer(4, { label: "d" });
  const more = {
    peers: [{ ...up, sentBytes: 5 }, d],
    repairs: { table: 1, routing: 0, link: 0, settings: 0 },
  };
  const after = pageState({ ...base, status: status(more) }, now, before);
  const news = newsOf(before, after);
  expect(news).toEqual({
    peers: { rows: [after.peers[0], after.peers[1]], gone: ["id3"] },
    repairs: { rows: [{ id: "table", count: 1 }] },
  });
  expect(applied(before, news ?? {})).toEqual(after);
  const all = newsOf(undefined, after);
  expect(applied(before, all ?? {})).toEqual(after);
});
