import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { failuresAfter, reconnectDelayMs } from "../../../src/discovery/backoff.ts";
import { FairRateLimit } from "../../../src/discovery-server/rate-limit.ts";
import { address } from "./samples.ts";

/*
 * A cluster loses its discovery service, and the service comes back empty: in virtual time, with the functions that
 * the nodes and the service use. A node says hello, watches, and tells its own affiliate: three requests in a row. Each
 * affiliate that arrives is one message to each watcher.
 */
const nodes = 1000;
const outageMs = 10 * 60_000;
const hourMs = 3_600_000;
/** The service's limits: 15 a second and 60 at once for a node, 300 and 3,000 for an address. */
const perNode = { perSecond: 15, burst: 60 };
const perAddress = { perSecond: 300, burst: 3000 };

interface Node {
  readonly id: number;
  failures: number;
  at: number;
}

interface Course {
  /** In each whole second since the service is back. */
  readonly attempts: readonly number[];
  readonly requests: readonly number[];
  readonly refused: number;
  /** Of the last node, ms since the service is back. */
  readonly allBackAt: number;
  /** While the service is away, of one node in its last minute. */
  readonly attemptsInVain: number;
}

/** mulberry32: the same course for the same seed. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const count = (counts: number[], at: number): void => {
  const second = Math.floor((at - outageMs) / 1000);
  counts[second] = (counts[second] ?? 0) + 1;
};

/** `addressOf`: behind which address each node is. */
function simulate(seed: number, addressOf: (id: number) => string): Course {
  const random = randomFrom(seed);
  const limit = new FairRateLimit(perNode, perAddress);
  const course = {
    attempts: [] as number[],
    requests: [] as number[],
    refused: 0,
    allBackAt: 0,
    attemptsInVain: 0,
  };
  const waiting: Node[] = Array.from({ length: nodes }, (_, id) => {
    const failures = failuresAfter(0, hourMs);
    return { id, failures, at: reconnectDelayMs(failures, random()) };
  });
  while (waiting.length > 0) {
    const node = waiting.reduce((first, other) => (other.at < first.at ? other : first));
    const isBack = node.at >= outageMs;
    if (!isBack && node.at >= outageMs - 60_000) course.attemptsInVain++;
    if (isBack) count(course.attempts, node.at);
    const accepted =
      isBack &&
      [0, 1, 2].every(() => {
        count(course.requests, node.at);
        const passes = limit.take(address(addressOf(node.id)), String(node.id), node.at);
        if (!passes) course.refused++;
        return passes;
      });
    if (accepted) {
      waiting.splice(waiting.indexOf(node), 1);
      course.allBackAt = node.at - outageMs;
    } else {
      node.failures = failuresAfter(node.failures, undefined);
      node.at += reconnectDelayMs(node.failures, random());
    }
  }
  return course;
}

const most = (counts: readonly number[]): number => Math.max(...Array.from(counts, (each) => each ?? 0));
const everyone = Array.from({ length: 20 }, (_, seed) => seed);

describe(`after an outage of ten minutes, ${nodes} nodes`, () => {
  test("come back within 30 s, spread over them: no second brings more than a tenth", () => {
    for (const seed of everyone) {
      const course = simulate(seed, (id) => `10.0.${id >> 8}.${id & 255}`);
      expect(course.allBackAt).toBeLessThanOrEqual(30_000);
      expect(most(course.attempts)).toBeLessThanOrEqual(nodes / 10);
      expect(course.refused).toBe(0);
      // Three requests for each node, and no more: what was said before is said once again, not once per attempt.
      expect(course.requests.reduce((sum, each) => sum + (each ?? 0), 0)).toBe(3 * nodes);
    }
  });

  test("are admitted at once although they share one address", () => {
    for (const seed of everyone) {
      const course = simulate(seed, () => "192.0.2.1");
      expect(course.refused).toBe(0);
      expect(course.allBackAt).toBeLessThanOrEqual(30_000);
    }
  });

  test("knock two to four times a minute each while it is away", () => {
    for (const seed of everyone) {
      const { attemptsInVain } = simulate(seed, () => "192.0.2.1");
      expect(attemptsInVain / nodes).toBeGreaterThanOrEqual(2);
      expect(attemptsInVain / nodes).toBeLessThanOrEqual(4);
    }
  });
});

test("a service that ends its watches soon after it took them is not asked all the time", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 9_999 }), { minLength: 10, maxLength: 50 }), (lived) => {
      let failures = 0;
      let waited = 0;
      for (const workedForMs of lived) {
        failures = failuresAfter(failures, workedForMs);
        waited += reconnectDelayMs(failures, 0);
      }
      expect(waited).toBeGreaterThanOrEqual((lived.length - 2) * 500);
    }),
  );
});
