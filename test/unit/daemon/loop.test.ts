import { afterEach, describe, expect, it } from "vitest";
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
    repairInterval: 1_000_000,
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
    const { loop, passes } = manualLoop({ repairInterval: 1 });
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
