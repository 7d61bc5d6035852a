import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { pino } from "pino";
import { describe, expect, onTestFinished, test } from "vitest";
import { openMemoryStore } from "../../../src/discovery-server/effects/memory-store.ts";
import { type ClusterRecord, parseRecord, recordText } from "../../../src/discovery-server/record.ts";
import { parseSnapshot, snapshotText } from "../../../src/discovery-server/snapshot.ts";
import type { Store } from "../../../src/discovery-server/store.ts";
import { until } from "../discovery/loopback.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { capacity, contents, storeContract, update } from "./store-contract.ts";

const silent = pino({ level: "silent" });

describe("the store in memory", () => {
  storeContract(async (onChange) => {
    const store = await openMemoryStore({ capacity, log: silent, onChange });
    onTestFinished(() => store.close());
    return store;
  });
});

interface Kept {
  readonly store: Store;
  readonly log: string[];
}

async function kept(path: string, everyMs = 3_600_000): Promise<Kept> {
  const lines: string[] = [];
  const log = pino({ level: "debug" }, { write: (line) => lines.push(line) });
  const store = await openMemoryStore({
    capacity,
    log,
    onChange: () => undefined,
    snapshot: { path, everyMs },
  });
  return { store, log: lines };
}

describe("the store in memory with a snapshot", () => {
  test("has after a restart what it had before, for as long as it would have had it", async () => {
    const path = join(await temporaryFolder(), "snapshot");
    const { store } = await kept(path);
    await store.update("one", update("a", { endpoints: [Buffer.from("1")] }));
    await store.update("two", update("b", { ttlMs: 1_500 }));
    await store.close();
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const again = await kept(path);
    expect(contents(again.store)).toEqual(["a data of a 1"]);
    await until(() => expect(contents(again.store, "two")).toEqual([]));
    expect(again.store.size()).toMatchObject({ clusters: 1, affiliates: 1 });
    await again.store.close();
  });

  test("writes one now and then too, so that a crash costs little", async () => {
    const path = join(await temporaryFolder(), "snapshot");
    const { store } = await kept(path, 20);
    await store.update("one", update("a"));
    await until(async () =>
      expect(await readFile(path, "utf8")).toContain(Buffer.from("data of a").toString("base64")),
    );
    await store.close();
  });

  test.each([
    ["torn", (text: string) => text.slice(0, -80)],
    ["changed", (text: string) => text.replace('"a"', '"x"')],
    ["empty", () => ""],
    ["something else", () => "kubespan discovery snapshot 2\n"],
  ])("uses the one before where the file is %s, and says so", async (_, spoil) => {
    const path = join(await temporaryFolder(), "snapshot");
    const first = await kept(path);
    await first.store.update("one", update("a"));
    await first.store.close();
    const second = await kept(path);
    await second.store.update("one", update("b"));
    await second.store.close();
    await writeFile(path, spoil(await readFile(path, "utf8")));
    const third = await kept(path);
    expect(contents(third.store)).toEqual(["a data of a"]);
    expect(third.log.filter((line) => line.includes("a snapshot is not used"))).toHaveLength(1);
    await third.store.close();
    // The damaged one has not become the one before.
    await writeFile(path, "");
    expect(contents((await kept(path)).store)).toEqual(["a data of a"]);
  });

  test("starts empty, and says so twice, where both are damaged", async () => {
    const path = join(await temporaryFolder(), "snapshot");
    for (const file of [path, `${path}.1`]) await writeFile(file, "x");
    const { store, log } = await kept(path);
    expect(store.size().affiliates).toBe(0);
    expect(log.filter((line) => line.includes("a snapshot is not used"))).toHaveLength(2);
    await store.close();
  });

  test("goes on where the disk cannot be written", async () => {
    const { store, log } = await kept(join(await temporaryFolder(), "missing", "snapshot"), 20);
    await store.update("one", update("a"));
    await until(() => expect(log.join("")).toContain("cannot write"));
    expect(contents(store)).toEqual(["a data of a"]);
    await store.close();
  });
});

const anyBytes = (maxLength: number) => fc.uint8Array({ maxLength }).map((bytes) => Buffer.from(bytes));
const left = fc.integer({ min: 1, max: 1_800_000 });
const anyRecord: fc.Arbitrary<ClusterRecord> = fc.record({
  clusterId: fc.string({ minLength: 1, maxLength: 60 }),
  record: fc
    .record({
      id: fc.string({ minLength: 1, maxLength: 60 }),
      data: anyBytes(2048),
      endpoints: fc.array(fc.record({ bytes: anyBytes(32), leftMs: left }), { maxLength: 64 }),
    })
    .map((record) => ({ ...record, leftMs: 1_800_000 })),
});

describe("a record as text", () => {
  test("is the record again", () => {
    fc.assert(
      fc.property(anyRecord, fc.nat(2 ** 41), (record, now) => {
        const text = recordText(record, now);
        expect(text).not.toContain("\n");
        expect(parseRecord(text, now)).toEqual(record);
      }),
    );
  });

  test("lives no longer than the largest TTL, whatever its times or the clock say", () => {
    const record = { id: "a", data: Buffer.of(), endpoints: [], leftMs: 1_800_000 };
    expect(parseRecord(recordText({ clusterId: "one", record }, 1e12), 0)?.record.leftMs).toBe(1_800_000);
  });

  test.each([
    "",
    "{}",
    '["c","a","",5]',
    '["","a","",5,[]]',
    `["c","${"x".repeat(257)}","",5,[]]`,
    `["c","a","${Buffer.alloc(2049).toString("base64")}",5,[]]`,
    `["c","a","",-5,[]]`,
    `["c","a","",5,[["${Buffer.alloc(33).toString("base64")}",5]]]`,
    `["c","a","",5,[${Array.from({ length: 65 }, () => '["",5]').join()}]]`,
  ])("is refused when it is something else: %#", (text) => {
    expect(parseRecord(text, 0)).toBeUndefined();
  });

  test("anything at all is refused or is a record, and a snapshot of anything too", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(() => parseRecord(text, 0)).not.toThrow();
        expect(parseSnapshot(text, 0)).toHaveProperty("refused");
      }),
    );
  });

  test("a snapshot with any one character changed is refused", () => {
    const whole = snapshotText(
      [{ clusterId: "one", record: { id: "a", data: Buffer.from("x"), endpoints: [], leftMs: 9 } }],
      0,
    );
    expect(parseSnapshot(whole, 0)).toHaveProperty("records");
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.constantFrom("", "\0", "\n", "z"), (at, other) => {
        const changed = whole.slice(0, at) + other + whole.slice(at + 1);
        fc.pre(changed !== whole);
        expect(parseSnapshot(changed, 0)).toHaveProperty("refused");
      }),
    );
  });
});
