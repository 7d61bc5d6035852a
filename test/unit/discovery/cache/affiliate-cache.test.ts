import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pino } from "pino";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { AffiliateCache } from "../../../../src/discovery/cache/effects/affiliate-cache.ts";
import { temporaryFolder } from "../../temporary-folder.ts";
import { affiliateNamed, idOf, key, otherKey, prefix } from "../samples.ts";

interface Opened {
  readonly cache: AffiliateCache;
  readonly log: string[];
}

async function open(stateDirectory: string, secret = key): Promise<Opened> {
  const lines: string[] = [];
  const log = pino({ level: "info" }, { write: (line) => lines.push(line) });
  const cluster = { id: "a cluster", secret };
  const cache = await AffiliateCache.open({
    stateDirectory,
    cluster,
    nodeId: idOf("self"),
    log,
    clock: () => 5_000,
  });
  return { cache, log: lines };
}

const two = [affiliateNamed("a", "192.0.2.1:1"), affiliateNamed("b")];

describe("known affiliates on disk", () => {
  test("are there at the next start, for nobody else to read", async () => {
    const folder = await temporaryFolder();
    const { cache } = await open(folder);
    expect(cache.found).toBeUndefined();
    cache.changed(() => two);
    await cache.close();
    expect((await stat(cache.file)).mode & 0o777).toBe(0o600);
    expect((await open(folder)).cache.found).toEqual({ savedAt: 5_000, affiliates: two });
  });

  test("pod networks of this node are kept with them, and no other text", async () => {
    const folder = await temporaryFolder();
    const { cache } = await open(folder);
    const podNetworks = [prefix("10.244.1.0/24"), prefix("fd10:244::/64"), "nonsense" as never];
    cache.changed(
      () => two,
      () => podNetworks,
    );
    await cache.close();
    expect((await open(folder)).cache.found?.podNetworks).toEqual(podNetworks.slice(0, 2));
  });

  test("a burst of changes is one write, soon; the next ones wait; without a change there is none", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    onTestFinished(() => void vi.useRealTimers());
    const { cache } = await open(await temporaryFolder());
    let asked = 0;
    let known = two;
    const affiliates = (): typeof two => {
      asked++;
      return known;
    };
    for (let change = 0; change < 100; change++) cache.changed(affiliates);
    vi.advanceTimersByTime(2_000);
    expect(asked).toBe(1);
    for (let second = 0; second < 29; second++) {
      known = [affiliateNamed(`later-${second}`)];
      cache.changed(affiliates);
      vi.advanceTimersByTime(1_000);
    }
    expect(asked).toBe(1);
    vi.advanceTimersByTime(1_000);
    expect(asked).toBe(2);
    await cache.close();
    const before = await readFile(cache.file, "utf8");
    cache.changed(affiliates);
    await cache.close();
    expect(await readFile(cache.file, "utf8")).toBe(before);
  });

  test("the time in the file is renewed now and then although nothing changes", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    onTestFinished(() => void vi.useRealTimers());
    const { cache } = await open(await temporaryFolder());
    cache.changed(() => two);
    vi.advanceTimersByTime(2_000);
    let asked = 0;
    cache.changed(() => {
      asked++;
      return two;
    });
    vi.advanceTimersByTime(60 * 60_000);
    expect(asked).toBeGreaterThan(0);
    await cache.close();
  });

  test.each([
    ["torn", (text: string) => text.slice(0, text.length / 2)],
    ["empty", () => ""],
    ["too large", () => "x".repeat(9 * 1024 * 1024)],
  ])("a file that is %s is said and not used, and replaced", async (_, spoil) => {
    const folder = await temporaryFolder();
    const { cache } = await open(folder);
    cache.changed(() => two);
    await cache.close();
    await writeFile(cache.file, spoil(await readFile(cache.file, "utf8")));
    const again = await open(folder);
    expect(again.cache.found).toBeUndefined();
    expect(again.log.join("")).toMatch(/affiliates\.json/);
    again.cache.changed(() => two);
    await again.cache.close();
    expect((await open(folder)).cache.found?.affiliates).toEqual(two);
  });

  test("those of another cluster are not used", async () => {
    const folder = await temporaryFolder();
    const { cache } = await open(folder);
    cache.changed(() => two);
    await cache.close();
    expect((await open(folder, otherKey)).cache.found).toBeUndefined();
  });

  test("are gone when the node leaves", async () => {
    const folder = await temporaryFolder();
    const { cache } = await open(folder);
    cache.changed(() => two);
    await cache.close();
    cache.changed(() => two);
    await cache.forget();
    await expect(stat(cache.file)).rejects.toThrow("ENOENT");
  });

  test("a disk that cannot be written costs one line in the log", async () => {
    const folder = await temporaryFolder();
    const { cache, log } = await open(join(folder, "missing"));
    for (const affiliates of [two, [affiliateNamed("c")]]) {
      cache.changed(() => affiliates);
      await cache.close();
    }
    expect(log.filter((line) => line.includes("not kept"))).toHaveLength(1);
  });
});
