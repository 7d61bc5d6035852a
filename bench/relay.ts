import { parseArgs } from "node:util";
import { Lab } from "../lab/index.ts";
import { reachedBy, roundTrips, startPair, throughput } from "./relay/pair.ts";
import { median, percentile, printReport, progress, type Row } from "./report.ts";

/*
 *   a 203.0.113.1     service .9     b .2
 *        |                |            |
 *   =====+================+============+===== internet
 */

/**
 * Measures what the last resort costs: one TCP connection and pings through the mesh, directly and carried by the
 * discovery service, in turns of one run.
 */
const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    repetitions: { type: "string", default: "3" },
    seconds: { type: "string", default: "3" },
    pings: { type: "string", default: "100" },
  },
});
const repetitions = Number(values.repetitions);
const forMs = Number(values.seconds) * 1000;

interface Measured {
  readonly mbits: number[];
  readonly trips: number[];
}

const cage = `
  table inet cage {
    chain output {
      type filter hook output priority filter; policy accept;
      oifname "eth0" meta l4proto udp drop
    }
  }
`;

const lab = await Lab.open();
try {
  const pair = await startPair(lab, await lab.network("internet"));
  const ways: Record<"direct" | "carried", Measured> = {
    direct: { mbits: [], trips: [] },
    carried: { mbits: [], trips: [] },
  };
  const measure = async (kind: keyof typeof ways): Promise<void> => {
    await reachedBy(pair, kind);
    ways[kind].trips.push(...(await roundTrips(pair, Number(values.pings))));
    const mbits = await throughput(pair, forMs);
    ways[kind].mbits.push(mbits);
    progress(`${kind}: ${mbits.toFixed(1)} Mbit/s`);
  };
  for (let turn = 0; turn < repetitions; turn++) {
    await measure("direct");
    await pair.to.namespace.nft(cage);
    await measure("carried");
    await pair.to.run("nft", "delete", "table", "inet", "cage");
  }
  const row = (way: keyof typeof ways): Row => {
    const [here, direct] = [ways[way], ways.direct];
    return {
      way,
      "Mbit/s": median(here.mbits).toFixed(1),
      "of direct": (median(here.mbits) / median(direct.mbits)).toFixed(3),
      "round trip ms": median(here.trips).toFixed(2),
      "p99 ms": percentile(here.trips, 0.99).toFixed(2),
      "times direct": (median(here.trips) / median(direct.trips)).toFixed(2),
    };
  };
  printReport({
    name: "relay",
    repetitions,
    rows: [row("direct"), row("carried")],
    notes: [
      "One TCP connection through the mesh, and pings while nothing else is sent; medians of all turns. A service",
      "lets 32 Mbit/s of one node through, so that is what the carried way cannot exceed for long.",
    ],
  });
} finally {
  await lab.close();
}
