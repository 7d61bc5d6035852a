import { getHeapStatistics } from "node:v8";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { SpareMemory } from "../../../src/system/spare-memory.ts";
import { thrifty } from "../../../src/system/thrifty.ts";

const collect = thrifty();
const quiet = 10_000;
const megabytes = 1024 * 1024;
/** What V8's heap has taken of the machine's memory, in bytes. */
const heapInUse = (): number => getHeapStatistics().total_physical_size;

let collections = 0;
let changes = 0;
let memory: SpareMemory;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  [collections, changes] = [0, 0];
  memory = new SpareMemory(() => {
    changes++;
    return (options) => {
      collections++;
      collect(options);
    };
  });
});

afterEach(() => {
  memory.stop();
  vi.useRealTimers();
});

describe("memory that a burst of work needed", () => {
  it("is given back when nothing was done for ten seconds", () => {
    let garbage: object[] = Array.from({ length: 500_000 }, (_, index) => ({
      index,
      name: `garbage ${index}`,
    }));
    expect(garbage.at(-1)).toEqual({ index: 499_999, name: "garbage 499999" });
    const before = heapInUse();
    garbage = [];
    memory.worked();
    vi.advanceTimersByTime(quiet - 1);
    expect(collections).toBe(0);
    vi.advanceTimersByTime(1);
    expect(collections).toBe(1);
    expect(before - heapInUse()).toBeGreaterThan(20 * megabytes);
    expect(garbage).toEqual([]);
  });

  it("is left alone as long as work goes on", () => {
    for (let time = 0; time < 20 * quiet; time += quiet / 2) {
      memory.worked();
      vi.advanceTimersByTime(quiet / 2);
    }
    expect(collections).toBe(0);
    vi.advanceTimersByTime(quiet);
    expect(collections).toBe(1);
  });

  it("is given back again only when it has grown since", () => {
    memory.worked();
    vi.advanceTimersByTime(quiet);
    memory.worked();
    vi.advanceTimersByTime(quiet);
    expect(collections).toBe(1);
    const kept = Buffer.alloc(64 * megabytes, 1);
    memory.worked();
    vi.advanceTimersByTime(quiet);
    expect(collections).toBe(2);
    expect(kept.at(-1)).toBe(1);
  });

  it("is left alone after the end", () => {
    memory.worked();
    memory.stop();
    vi.advanceTimersByTime(2 * quiet);
    expect(collections).toBe(0);
  });

  it("makes V8 thrifty once, and not before the first work has ended", () => {
    memory.worked();
    vi.advanceTimersByTime(quiet - 1);
    expect(changes).toBe(0);
    vi.advanceTimersByTime(1);
    expect(changes).toBe(1);
    memory.worked();
    vi.advanceTimersByTime(quiet);
    expect(changes).toBe(1);
  });
});
