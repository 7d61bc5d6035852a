import { describe, expect, it } from "vitest";
import { allocations, changingAddress, TwoNodes } from "./two-nodes.ts";

const tries = 300;
const hourMs = 3_600_000;

describe.each(Object.entries(allocations))("behind a NAT whose ports are %s", (name, allocation) => {
  const worlds = Array.from({ length: tries }, (_, seed) => new TwoNodes(seed, allocation));
  const times = worlds.map((world) => world.run(60_000));

  it("nine of ten pairs are direct within ten seconds", () => {
    const soon = times.filter((ms) => ms !== undefined && ms <= 10_000);
    expect(soon.length / tries).toBeGreaterThanOrEqual(0.9);
  });

  it("no more than 1,024 packets and 256 mappings were spent on one", () => {
    for (const { sent, opened } of worlds) {
      expect(sent.length).toBeLessThanOrEqual(1_024);
      expect(opened).toBe(256);
      expect(new Set(sent).size).toBe(sent.length);
      expect(sent.every((to) => to.startsWith(`${changingAddress}:`))).toBe(true);
    }
  });

  if (name === "sequential")
    it("hardly any packet is wasted", () => {
      const counts = worlds.map(({ sent }) => sent.length).toSorted((one, other) => one - other);
      expect(counts[Math.floor(tries * 0.95)]).toBeLessThanOrEqual(60);
    });
});

describe("a guess that fails", () => {
  it("is made once an hour, and sends 1,024 packets in five seconds at most", () => {
    const world = new TwoNodes(1, allocations.random);
    world.letsIn = false;
    expect(world.run(hourMs)).toBeUndefined();
    expect([world.sent.length, world.opened]).toEqual([1_024, 256]);
    expect(world.run(hourMs)).toBeUndefined();
    expect([world.sent.length, world.opened]).toEqual([2_048, 512]);
  });

  it("costs nothing where both NATs have another port for each destination", () => {
    const world = new TwoNodes(1, allocations.random);
    world.keeps = false;
    expect(world.run(hourMs)).toBeUndefined();
    expect([world.sent.length, world.opened]).toEqual([0, 0]);
  });
});
