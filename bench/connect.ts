import { parseArgs } from "node:util";
import { Lab } from "../lab/index.ts";
import { daemonLane, type Ground, type Lane, referenceLane, roundTrip } from "./connect/lanes.ts";
import { median, printReport, progress, type Row } from "./report.ts";

/**
 * Measures the time from the moment when the candidates are known to the first handshake, where k candidates that drop
 * packets come before the one that answers. Real daemons and wireguard-go run in namespaces: by races, serially, and by
 * the reference's policy.
 */
const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    dead: { type: "string", default: "0,1,3,7,31" },
    races: { type: "string", default: "15" },
    /** The attempts of the other two policies, which take longer. */
    attempts: { type: "string", default: "3" },
    /** The divisor of the reference's waits. With more than 5, WireGuard's own 5 s would be longer than a turn. */
    factor: { type: "string", default: "5" },
  },
});
const counts = values.dead.split(",").map(Number);
const factor = Number(values.factor);
const goalMs = { race: (trip: number) => 3 * trip + 50, serial: (dead: number) => 1_200 * (dead + 1) };

type Medians = ReadonlyMap<number, number>;

/** With more dead candidates than this, the serial policies get one attempt, since it takes minutes. */
const manyDead = 7;

async function measure(lane: Lane, repetitions: number, isPatient = false): Promise<Medians> {
  const medians = new Map<number, number>();
  for (const dead of counts) {
    const times: number[] = [];
    const runs = isPatient && dead > manyDead ? 1 : repetitions;
    for (let count = 0; count < runs; count++) times.push(await lane.connect(dead));
    progress(`${lane.name}, ${dead} dead: ${times.map((time) => time.toFixed(0)).join(" ")} ms`);
    medians.set(dead, median(times));
  }
  await lane.close();
  return medians;
}

const met = (isMet: boolean): string => (isMet ? "met" : "not met");

const of = (medians: Medians | undefined, dead: number): number => medians?.get(dead) ?? Number.NaN;

async function bench(lab: Lab): Promise<void> {
  const outside = await lab.network("outside");
  const router = await lab.node("router");
  await router.attach(outside, "198.51.100.254/24");
  await router.namespace.sysctl("net.ipv4.ip_forward=1");
  await router.run("ip", "route", "add", "blackhole", "192.0.2.0/24");
  const ground: Ground = { lab, outside, router, lanes: 0 };
  const racing = await daemonLane(ground, "race");
  const trip = await roundTrip(ground, router);
  const race = await measure(racing, Number(values.races));
  // These lanes spend their time waiting, so they run side by side without disturbing each other.
  const slow = [await daemonLane(ground, "serial"), await referenceLane(ground, factor)];
  const [serial, reference] = await Promise.all(
    slow.map((lane) => measure(lane, Number(values.attempts), true)),
  );
  const [fewest, most] = [Math.min(...counts), Math.max(...counts)];
  const growth = of(race, most) / of(race, fewest);
  const rows = counts.map(
    (dead): Row => ({
      "dead k": dead,
      "race ms": of(race, dead).toFixed(0),
      "3 RTT + 50 ms": met(of(race, dead) <= goalMs.race(trip)),
      "serial ms": of(serial, dead).toFixed(0),
      "1.2 s (k + 1)": met(of(serial, dead) <= goalMs.serial(dead)),
      [`reference / ${factor} ms`]: of(reference, dead).toFixed(0),
      "reference : race": (of(reference, dead) / of(race, dead)).toFixed(0),
    }),
  );
  printReport({
    name: "connect",
    repetitions: Number(values.races),
    rows,
    notes: [
      `Medians; of serial and reference of ${values.attempts}, with more than ${manyDead} dead of one. From telling the discovery service (reference: from the first`,
      "`wg set`) to the handshake as wireguard-go dates it. The candidate that answers is announced last.",
      `RTT ${trip.toFixed(2)} ms. Racing with ${most} dead candidates takes ${growth.toFixed(2)} times as long as with ${fewest}; up to 1.2`,
      `counts as not growing: ${met(growth <= 1.2)}.`,
      `The reference's tick of 30 s and timeout of 15 s are divided by ${factor}; WireGuard's 5 s between initiations are not.`,
    ],
  });
}

const lab = await Lab.open();
try {
  await bench(lab);
} finally {
  await lab.close();
}
