import { afterEach, describe, expect, it, vi } from "vitest";
import { type Loop, type LoopOptions, type Scope, startLoop } from "../../../src/daemon/loop.ts";

/** A loop whose passes end when the test says so. */
function manualLoop(options: Partial<LoopOptions> = {}): {
  loop: Loop;
  passes: { scope: Scope; end: (wakeIn?: number) => void; fail: (error: Error) => void }[];
  errors: unknown[];
} {
  const passes: ReturnType<typeof manualLoop>["passes"] = [];
  const errors: unknown[] = [];
  const loop = startLoop({
    run: (scope) =>
      new Promise((resolve, reject) => {
        passes.push({ scope, end: resolve, fail: reject });
      }),
    onError: (error) => errors.push(error),
    repairIntervalMs: 1_000_000,
    ...options,
  });
  loops.push(loop);
  return { loop, passes, errors };
}

const loops: Loop[] = [];
afterEach(async () => {
  await Promise.all(loops.splice(0).map((loop) => loop.stop()));
});

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("the loop", () => {
  it("runs one pass at a time and makes one of many requests", async () => {
    const { loop, passes } = manualLoop();
    loop.trigger("peers");
    loop.trigger("peers");
    loop.trigger("everything");
    loop.trigger("peers");
    await turn();
    expect(passes.map(({ scope }) => scope)).toEqual(["peers"]);
    passes[0]?.end();
    await turn();
    expect(passes.map(({ scope }) => scope)).toEqual(["peers", "everything"]);
    passes[1]?.end();
    await turn();
    expect(passes).toHaveLength(2);
  });

  it("answers a request with a pass that began after it", async () => {
    const { loop, passes } = manualLoop();
    loop.trigger("everything");
    let isDone = false;
    const asked = loop.pass("peers").then(() => {
      isDone = true;
    });
    passes[0]?.end();
    await turn();
    expect(isDone).toBe(false);
    passes[1]?.end();
    await asked;
    expect(isDone).toBe(true);
  });

  it("looks again when a pass asks for it", async () => {
    const { loop, passes } = manualLoop();
    loop.trigger("everything");
    passes[0]?.end(1);
    await expect.poll(() => passes.length, { timeout: 30_000 }).toBe(2);
    expect(passes[1]?.scope).toBe("peers");
    passes[1]?.end();
  });

  it("looks at everything after a while although nothing happened", async () => {
    const { loop, passes } = manualLoop({ repairIntervalMs: 1 });
    loop.trigger("peers");
    passes[0]?.end();
    await expect.poll(() => passes.length, { timeout: 30_000 }).toBe(2);
    expect(passes[1]?.scope).toBe("everything");
    passes[1]?.end();
  });

  it("tells of a failed pass, fails its request, and tries again", async () => {
    const { loop, passes, errors } = manualLoop();
    const failure = new Error("nft is busy");
    const asked = expect(loop.pass("everything")).rejects.toBe(failure);
    passes[0]?.fail(failure);
    await asked;
    expect(errors).toEqual([failure]);
    await expect.poll(() => passes.length, { timeout: 30_000 }).toBe(2);
    passes[1]?.end();
  });

  it("does not take a look at the peers for a sign that what failed works again", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
    try {
      const { loop, passes } = manualLoop();
      loop.trigger("everything");
      passes[0]?.fail(new Error("nft is gone"));
      await turn();
      loop.trigger("peers");
      passes[1]?.end();
      await turn();
      vi.advanceTimersByTime(500);
      expect(passes.map(({ scope }) => scope)).toEqual(["everything", "peers", "everything"]);
      passes[2]?.fail(new Error("nft is gone"));
      await turn();
      vi.advanceTimersByTime(999);
      expect(passes).toHaveLength(3);
      vi.advanceTimersByTime(1);
      expect(passes).toHaveLength(4);
      passes[3]?.end();
      await turn();
    } finally {
      vi.useRealTimers();
    }
  });

  it("tells since when a pass has been under way", async () => {
    const { loop, passes } = manualLoop();
    expect(loop.passSince()).toBeUndefined();
    const before = Date.now();
    loop.trigger("everything");
    expect(loop.passSince()).toBeGreaterThanOrEqual(before);
    passes[0]?.fail(new Error("nft is gone"));
    await turn();
    expect(loop.passSince()).toBeUndefined();
  });

  it("waits for the pass under way when it stops, and runs no other", async () => {
    const { loop, passes } = manualLoop();
    loop.trigger("everything");
    const refused = expect(loop.pass("peers")).rejects.toThrow("stopping");
    let isStopped = false;
    const stopped = loop.stop().then(() => {
      isStopped = true;
    });
    await turn();
    expect(isStopped).toBe(false);
    passes[0]?.end(0);
    await stopped;
    await refused;
    await expect(loop.pass("peers")).rejects.toThrow("stopping");
    loop.trigger("everything");
    await turn();
    expect(passes).toHaveLength(1);
  });
});
