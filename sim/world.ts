import { createHash } from "node:crypto";
import type { Endpoint } from "../src/net/index.ts";
import { Clock } from "./clock.ts";
import { Device, type Surroundings } from "./device.ts";
import { canConnect, canObserve, type Host, Internet, type NatKind } from "./internet.ts";
import { MeshNode, type SimNode } from "./mesh-node.ts";
import { pick, type Random, randomFrom } from "./random.ts";
import { ReferenceNode } from "./reference-node.ts";

export const policies = ["race", "serial", "reference"] as const;
export type Policy = (typeof policies)[number];

export interface Scenario {
  readonly seed: number;
  readonly nodes: number;
  readonly policy: Policy;
  /** The number of pairs in the sample; all pairs if there are fewer. */
  readonly pairs: number;
  /** The share of packets that get lost between sites. */
  readonly loss: number;
  /** The time in milliseconds at which the simulation ends, if not all connectable pairs are up before. */
  readonly limit: number;
  /** The share of members that are made up: nobody is there, and one of their 64 endpoints changes each second. */
  readonly hostile?: number;
  /** `true` lets the simulation go on to the limit although all pairs are up. */
  readonly isLong?: boolean;
  /** Told once in a simulated second how far it is. */
  readonly watch?: (moment: Moment) => void;
}

/** The progress of a simulation. */
export interface Moment {
  /** The time in milliseconds since the first start. */
  readonly elapsed: number;
  /** The connectable pairs that are up, and all of them. */
  readonly up: number;
  readonly connectable: number;
}

export interface Outcome {
  readonly pairs: number;
  readonly connectable: number;
  /** The times in milliseconds from the first start until each connectable pair was up, in order. */
  readonly upAt: readonly number[];
  /** Connectable pairs that never were, by the kinds of their NATs. */
  readonly missing: readonly string[];
  /** Packets with an initiation. */
  readonly initiations: number;
  /** Updates that nodes sent to the discovery service, of themselves and of others. */
  readonly updates: { readonly own: number; readonly observed: number };
  /** The number of times that a peer which was up was found not to be. */
  readonly losses: number;
  /** The most attempts of one node in one second. */
  readonly mostAttempts: number;
  /** Packets with an initiation, of one node in one second, WireGuard's own among them. */
  readonly mostPackets: number;
}

/** The kinds of NAT in front of 100 sites. */
const shares: readonly (readonly [NatKind, number])[] = [
  ["none", 30],
  ["full cone", 10],
  ["restricted", 15],
  ["port-restricted", 30],
  ["symmetric", 15],
];
/** All nodes start within this, in milliseconds. */
const startWithin = 2_000;
/** The width of the world, in milliseconds. */
const width = 70;

/** One mesh from its start. */
export function simulate(scenario: Scenario): Outcome {
  const random = randomFrom(scenario.seed);
  const hosts = makeHosts(scenario.nodes, random);
  const clock = new Clock();
  const internet = new Internet(hosts, { clock, random, loss: scenario.loss });
  const neighbours = makePairs(scenario, random);
  const madeUp = makeUp(scenario);
  const tally = new Tally(hosts, neighbours, clock, {
    isHarvesting: scenario.policy !== "reference",
    isMember: (index) => !madeUp.has(index),
  });
  const devices: Device[] = [];
  const counts = { initiations: 0 };
  const around: Surroundings = {
    clock,
    random,
    internet,
    devices,
    counts,
    onSession: (at, of) => tally.session(at, of),
  };
  for (const host of hosts) devices.push(new Device(host, keyOf(host), around));
  const nodes = new Map<number, SimNode>();
  const isThere = new Set<number>();
  const announced = hosts.map(({ inside, outside }): readonly Endpoint[] => [...new Set([inside, outside])]);
  const tellOf = (index: number): void => {
    for (const other of neighbours[index] ?? [])
      clock.after(50 + 100 * random(), () => nodes.get(other)?.learn(index, announced[index] ?? []));
  };
  const members = devices.map(({ publicKey }) => publicKey);
  const publish = (index: number, endpoint: Endpoint): void => {
    tally.observed++;
    const before = announced[index] ?? [];
    if (before.includes(endpoint)) return; // the service tells nobody of what it knows
    announced[index] = [...before, endpoint];
    tellOf(index);
  };
  const beginMadeUp = (index: number, told = 0): void => {
    isThere.add(index);
    announced[index] = madeUpEndpoints(index, told);
    tellOf(index);
    clock.after(1_000, () => beginMadeUp(index, told + 1));
  };
  const begin = (device: Device): void => {
    const { index } = device.host;
    if (madeUp.has(index)) return beginMadeUp(index);
    const attempts = new Pace(clock);
    const packets = new Pace(clock);
    const onAttempt = (): void => {
      tally.mostAttempts = Math.max(tally.mostAttempts, attempts.count());
    };
    const onPacket = (): void => {
      tally.mostPackets = Math.max(tally.mostPackets, packets.count());
    };
    const common = { around, members, publish, onLoss: () => tally.losses++, onAttempt, onPacket };
    const node =
      scenario.policy === "reference"
        ? new ReferenceNode(device, around)
        : new MeshNode(device, { ...common, isRacing: scenario.policy === "race" });
    const before = (neighbours[index] ?? []).filter((other) => isThere.has(other));
    nodes.set(index, node);
    isThere.add(index);
    clock.after(50 + 100 * random(), () => {
      for (const other of before) node.learn(other, announced[other] ?? []);
    });
    tellOf(index);
  };
  for (const device of devices) clock.after(startWithin * random(), () => begin(device));
  clock.run(scenario.limit, () => {
    scenario.watch?.(tally.moment);
    return scenario.isLong !== true && tally.isComplete;
  });
  return tally.outcome(counts.initiations);
}

const keyOf = ({ index }: Host): string => createHash("sha256").update(`node ${index}`).digest("base64");

function makeHosts(count: number, random: Random): Host[] {
  const hosts: Host[] = [];
  for (let site = 0; hosts.length < count; site++) {
    // Somebody has to be there who can be dialled by all.
    const nat = site === 0 ? "none" : kindOf(random);
    const here = nat === "none" ? 1 : Math.min(1 + pick(random, 3), count - hosts.length);
    const place = { site, nat, east: width * random(), north: width * random() };
    const address = `${11 + (site >> 16)}.${(site >> 8) & 255}.${site & 255}`;
    const outside = `${address}.1:51820` as Endpoint;
    for (let number = 0; number < here; number++) {
      const own = `10.${(site >> 8) & 255}.${site & 255}.${number + 1}:51820` as Endpoint;
      const inside = nat === "none" ? outside : own;
      hosts.push({ ...place, index: hosts.length, inside, outside, keepsPort: number === 0 });
    }
  }
  return hosts;
}

function kindOf(random: Random): NatKind {
  let left = 100 * random();
  for (const [kind, share] of shares) {
    left -= share;
    if (left < 0) return kind;
  }
  return "none";
}

/** Members that are made up; the first one is not, as it can be dialled by all. */
function makeUp({ seed, nodes, hostile = 0 }: Scenario): ReadonlySet<number> {
  const random = randomFrom(seed + 1); // another one, so that the hosts are those of a world without them
  const others = Array.from({ length: nodes - 1 }, (_, index) => index + 1);
  return new Set(others.filter(() => random() < hostile));
}

/** Endpoints that nobody has, in a network that nothing forbids to dial. One of them changes after so many seconds. */
const madeUpEndpoints = (index: number, seconds: number): readonly Endpoint[] =>
  Array.from({ length: 64 }, (_, place) => {
    const changes = Math.floor((seconds + 63 - place) / 64);
    return `200.${index >> 8}.${index & 255}.${place + 1}:${1 + changes}` as Endpoint;
  });

/** The peers that each node polls; each pair of the sample polls both ways. */
function makePairs({ nodes, pairs }: Scenario, random: Random): readonly (readonly number[])[] {
  const sets = Array.from({ length: nodes }, () => new Set<number>());
  const join = (left: number, right: number): void => {
    sets[left]?.add(right);
    sets[right]?.add(left);
  };
  const isSample = pairs < (nodes * (nodes - 1)) / 2;
  if (isSample)
    for (let count = 0; count < pairs; count++) {
      const [left, right] = [pick(random, nodes), pick(random, nodes)];
      if (left !== right) join(left, right);
    }
  else for (let left = 0; left < nodes; left++) for (let right = 0; right < left; right++) join(left, right);
  return sets.map((set) => [...set]);
}

/** Counts what one node does in each second. */
class Pace {
  readonly #clock: Clock;
  #second = 0;
  #events = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** One more: how many it were in this second. */
  count(): number {
    const second = Math.floor(this.#clock.elapsed / 1000);
    if (second !== this.#second) this.#events = 0;
    this.#second = second;
    return ++this.#events;
  }
}

/** What has happened so far. */
class Tally {
  observed = 0;
  losses = 0;
  mostAttempts = 0;
  mostPackets = 0;
  readonly #hosts: readonly Host[];
  readonly #clock: Clock;
  /** The connectable pairs that are not up, with bits 1 and 2 for the sides that have a session. */
  readonly #open = new Map<string, number>();
  readonly #upAt: number[] = [];
  readonly #pairs: number;
  readonly #connectable: number;

  constructor(
    hosts: readonly Host[],
    neighbours: readonly (readonly number[])[],
    clock: Clock,
    { isHarvesting, isMember }: { isHarvesting: boolean; isMember: (index: number) => boolean },
  ) {
    this.#hosts = hosts;
    this.#clock = clock;
    this.#pairs = neighbours.reduce((sum, each) => sum + each.length, 0) / 2;
    const isObserved = (host: Host): boolean =>
      isHarvesting &&
      (neighbours[host.index] ?? []).some(
        (other) => isMember(other) && canObserve(hosts[other] ?? host, host),
      );
    for (const [left, others] of neighbours.entries())
      for (const right of others) {
        const [one, two] = [hosts[left], hosts[right]];
        if (!isMember(left) || !isMember(right)) continue;
        if (left < right && one && two && canConnect(one, two, isObserved))
          this.#open.set(`${left} ${right}`, 0);
      }
    this.#connectable = this.#open.size;
  }

  get isComplete(): boolean {
    return this.#open.size === 0;
  }

  get moment(): Moment {
    return { elapsed: this.#clock.elapsed, up: this.#upAt.length, connectable: this.#connectable };
  }

  session(at: number, of: number): void {
    const key = at < of ? `${at} ${of}` : `${of} ${at}`;
    const sides = this.#open.get(key);
    if (sides === undefined) return;
    const now = sides | (at < of ? 1 : 2);
    this.#open.set(key, now);
    if (now !== 3) return;
    this.#open.delete(key);
    this.#upAt.push(this.#clock.elapsed);
  }

  outcome(initiations: number): Outcome {
    const kind = (index: string): string => this.#hosts[Number(index)]?.nat ?? "";
    return {
      pairs: this.#pairs,
      connectable: this.#connectable,
      upAt: this.#upAt,
      missing: [...this.#open.keys()].map((key) => `${key}: ${key.split(" ").map(kind).join(", ")}`),
      initiations,
      updates: { own: this.#hosts.length, observed: this.observed },
      losses: this.losses,
      mostAttempts: this.mostAttempts,
      mostPackets: this.mostPackets,
    };
  }
}
