import { describe, expect, it, vi } from "vitest";
import type { Command } from "../../../src/base/index.ts";
import { missingIn } from "../../../src/system/privilege.ts";
import { ServiceManager } from "../../../src/system/service-manager.ts";

const socket = { NOTIFY_SOCKET: "/run/systemd/notify" };

/** A manager by a clock of its own, and what it told. */
function managed(environment: Readonly<Record<string, string>>, fails = false) {
  const told: string[] = [];
  const errors: unknown[] = [];
  const clock = { now: 1_000_000, fails };
  const manager = new ServiceManager({
    environment,
    run: ({ program, args }: Command) => {
      if (clock.fails) return Promise.reject(new Error("no such program"));
      told.push([program, ...args].join(" "));
      return Promise.resolve("");
    },
    clock: () => clock.now,
    onError: (error) => errors.push(error),
  });
  return { manager, told, errors, clock };
}

/** Resolves when what was begun to be told is told. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("what systemd is told", () => {
  it("is nothing where it did not start the service", async () => {
    const { manager, told } = managed({ WATCHDOG_USEC: "1000000" });
    manager.ready("up");
    manager.worked(() => "down");
    await manager.stopping();
    expect(told).toEqual([]);
  });

  it("is that the service is ready, another status, and that it stops", async () => {
    const { manager, told } = managed(socket);
    manager.worked(() => "before it is ready");
    manager.ready("0 of 1 peers up");
    manager.worked(() => "0 of 1 peers up");
    manager.worked(() => "1 of 1 peers up");
    await manager.stopping();
    expect(told).toEqual([
      "systemd-notify READY=1 STATUS=0 of 1 peers up",
      "systemd-notify STATUS=1 of 1 peers up",
      "systemd-notify STOPPING=1 STATUS=stopping",
    ]);
  });

  it("is that it works, three times as often as the watchdog asks, and only when it has worked", async () => {
    const { manager, told, clock } = managed({ ...socket, WATCHDOG_USEC: "180000000" });
    manager.ready("up");
    for (let second = 0; second < 180; second += 30) {
      clock.now += 30_000;
      manager.worked(() => "up");
    }
    clock.now += 3_600_000; // it hangs: nothing is told
    await manager.stopping();
    expect(told.filter((line) => line.includes("WATCHDOG=1"))).toHaveLength(3);
  });

  it("is again that it is ready, now and then, when systemd may not have heard it", async () => {
    const { manager, told, clock } = managed(socket, true);
    manager.ready("up");
    await settled();
    clock.fails = false;
    for (let pass = 0; pass < 100; pass++) {
      clock.now += 1_000;
      manager.worked(() => "up");
      await settled();
    }
    expect(told).toEqual(["systemd-notify READY=1 STATUS=up"]);
  });

  it("is bounded, and what cannot be told ends nothing", async () => {
    const { manager, told } = managed(socket);
    manager.ready("x".repeat(10_000));
    await manager.stopping();
    expect(told[0]?.length).toBeLessThan(200);
    const without = managed(socket, true);
    without.manager.ready("up");
    await without.manager.stopping();
    expect(without.errors).toHaveLength(2);
  });
});

describe("capabilities of a process", () => {
  it.each([
    ["root", "CapEff:\t000001ffffffffff", []],
    ["the service", "CapEff:\t0000000000001000", []],
    ["a user", "CapEff:\t0000000000000000", ["net_admin"]],
    ["something that is no status", "", ["net_admin"]],
  ])("of %s", (_, status, missing) => {
    expect(missingIn(`Name:\tnode\n${status}\nSeccomp:\t0\n`, ["net_admin"])).toEqual(missing);
  });
});

it("a service that waits for others tells that its event loop turns, until it ends", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  try {
    const { manager, told, clock } = managed({ ...socket, WATCHDOG_USEC: "60000000" });
    manager.ready("0 watchers");
    const end = manager.beat(() => "0 watchers");
    for (let round = 0; round < 3; round++) {
      clock.now += 20_000;
      vi.advanceTimersByTime(20_000);
    }
    end();
    vi.advanceTimersByTime(200_000);
    await manager.stopping();
    expect(told.filter((line) => line.includes("WATCHDOG=1"))).toHaveLength(3);
  } finally {
    vi.useRealTimers();
  }
});
