import { expect, it } from "vitest";
import { portsToGuess } from "../../../src/guessing/index.ts";
import { lots } from "./two-nodes.ts";

it.each([[[]], [[1_024]], [[65_535]], [[40_000, 40_300]], [[0, -5, 1.5, 70_000]], [[60_000, 2_000]]])(
  "after %j, 1,024 different ports are guessed that a NAT gives out",
  (seen) => {
    const ports = portsToGuess(seen, lots(1));
    expect(new Set(ports).size).toBe(1_024);
    expect(ports.every((port) => Number.isInteger(port) && port >= 1_024 && port <= 65_535)).toBe(true);
  },
);

it("between two ports that were given out one soon after the other, the others are looked for first", () => {
  const first = portsToGuess([40_000, 40_300], lots(1)).slice(0, 100);
  expect(first.every((port) => port > 40_000 && port < 40_300)).toBe(true);
});

it("two ports that are far from each other tell nothing of those between them", () => {
  const near = portsToGuess([2_000, 60_000], lots(1)).filter((port) => Math.abs(port - 60_000) < 300);
  expect(near.length).toBeGreaterThanOrEqual(64);
  expect(near.length).toBeLessThan(90);
});
