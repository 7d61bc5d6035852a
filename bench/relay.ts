import { parseArgs } from "node:util";
import { Lab } from "../lab/index.ts";
import { costOfHandshakes } from "./relay/handshakes.ts";
import { lead, roundTrips, startPair, throughput, type WayKind, wayKinds } from "./relay/pair.ts";
import { median, percentile, printReport, progress, type Row } from "./report.ts";

/*
 *   a 203.0.113.1     service .9     b .2     r .3, which relays
 *        |                |            |          |
 *   =====+================+============+==========+===== internet
 */

/**
 * Measures what stands in for a direct path: one TCP connection and pings through the mesh, directly, relayed by a third
 * node, and carried by the discovery service, in turns of one run; and what passing on handshakes costs a relay.
 */
const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    /** One turn of little: that takes two minutes, on a busy machine as well. */
    short: { type: "boolean", default: false },
    repetitions: { type: "string" },
    seconds: { type: "string" },
    pings: { type: "string" },
    pairs: { type: "string" },
    handshakes: { type: "string" },
  },
});
const usual = values.short
  ? { repetitions: 1, seconds: 2, pings: 50, pairs: 1000, handshakes: 30 }
  : { repetitions: 3, seconds: 3, pings: 100, pairs: 1000, handshakes: 50 };
const given = (name: keyof typeof usual): number => Number(values[name] ?? usual[name]);
const repetitions = given("repetitions");
const forMs = given("seconds") * 1000;
const pairs = given("pairs");

interface Measured {
  readonly mbits: number[];
  readonly trips: number[];
}

/** The seconds after which WireGuard renews a session. */
const renewalSeconds = 120;

const nothing = (): Measured => ({ mbits: [], trips: [] });

async function measureWays(lab: Lab): Promise<Row[]> {
  const pair = await startPair(lab, await lab.network("internet"));
  const ways: Record<WayKind, Measured> = { direct: nothing(), relayed: nothing(), carried: nothing() };
  for (let turn = 0; turn < repetitions; turn++)
    for (const kind of wayKinds) {
      await lead(pair, kind);
      ways[kind].trips.push(...(await roundTrips(pair, given("pings"))));
      const mbits = await throughput(pair, forMs);
      ways[kind].mbits.push(mbits);
      progress(`${kind}: ${mbits.toFixed(1)} Mbit/s`);
    }
  return wayKinds.map((way) => {
    const [here, direct] = [ways[way], ways.direct];
    const [trip, directTrip] = [median(here.trips), median(direct.trips)];
    return {
      way,
      "Mbit/s": median(here.mbits).toFixed(1),
      "of direct": (median(here.mbits) / median(direct.mbits)).toFixed(3),
      "round trip ms": trip.toFixed(2),
      "p99 ms": percentile(here.trips, 0.99).toFixed(2),
      "times direct": (trip / directTrip).toFixed(2),
      "added ms": (trip - directTrip).toFixed(2),
    };
  });
}

async function measureHandshakes(lab: Lab): Promise<Row[]> {
  const costs = await costOfHandshakes(lab, await lab.network("members"), pairs, given("handshakes"));
  return (["first", "renewed"] as const).map((which) => {
    const { own, tools } = costs[which];
    const share = (((own + tools) * pairs) / renewalSeconds) * 100;
    return {
      way: `handshake, ${which}`,
      "daemon ms": (own * 1000).toFixed(1),
      "tools ms": (tools * 1000).toFixed(1),
      ...(which === "renewed" && { "% of a core": share.toFixed(1) }),
    };
  });
}

const lab = await Lab.open();
try {
  const rows = [...(await measureWays(lab)), ...(await measureHandshakes(lab))];
  printReport({
    name: "relay",
    repetitions,
    rows,
    notes: [
      "One TCP connection through the mesh, and pings while nothing else is sent; medians of all turns. A service",
      "lets 32 Mbit/s of one node through, so that is what the carried way cannot exceed for long.",
      `Processor time of a relay for a handshake that it passes on, with ${pairs} pairs; and for these pairs if each`,
      `renews its session every ${renewalSeconds} s.`,
    ],
  });
} finally {
  await lab.close();
}
