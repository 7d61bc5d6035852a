import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { openEtcdStore } from "../../src/discovery-server/effects/etcd-store.ts";
import type { OnChange, Store } from "../../src/discovery-server/store.ts";
import { until } from "../unit/discovery/loopback.ts";
import { capacity, contents, storeContract, update } from "../unit/discovery-server/store-contract.ts";
import { Etcd } from "./etcd.ts";

const silent = pino({ level: "silent" });
let etcd: Etcd;
let prefixes = 0;

beforeAll(async () => {
  etcd = await Etcd.start();
});
afterAll(() => etcd.close());

const newPrefix = (): string => `/test/${++prefixes}/`;

async function open(
  prefix: string,
  onChange: OnChange = () => undefined,
  compactEveryMs = 0,
): Promise<Store> {
  const store = await openEtcdStore({
    hosts: [etcd.url],
    prefix,
    capacity,
    compactEveryMs,
    log: silent,
    onChange,
  });
  onTestFinished(() => store.close());
  return store;
}

describe("the store in etcd", () => {
  storeContract((onChange) => open(newPrefix(), onChange));
});

describe("several stores on one etcd", () => {
  test("each has what any of them was told, and says each change once", async () => {
    const prefix = newPrefix();
    const heard: string[] = [];
    const [one, two] = [
      await open(prefix),
      await open(prefix, ({ change }) =>
        heard.push(change.kind === "deleted" ? `-${change.id}` : `+${change.affiliate.id}`),
      ),
    ];
    await one.update("one", update("a"));
    await until(() => expect(contents(two)).toEqual(["a data of a"]));
    await two.update("one", update("b"));
    await until(() => expect(contents(one)).toEqual(["a data of a", "b data of b"]));
    await one.delete("one", "b");
    await until(() => expect(contents(two)).toEqual(["a data of a"]));
    expect(heard).toEqual(["+a", "+b", "-b"]);
    expect(contents(await open(prefix))).toEqual(["a data of a"]);
  });

  test("writing one affiliate at once through all of them loses nothing", async () => {
    const prefix = newPrefix();
    const stores = [await open(prefix), await open(prefix), await open(prefix)] as const;
    const endpoints = Array.from({ length: 24 }, (_, index) => String.fromCharCode(65 + index));
    const outcomes = await Promise.all(
      endpoints.map((endpoint, index) =>
        (stores[index % 3] ?? stores[0]).update("one", update("a", { endpoints: [Buffer.from(endpoint)] })),
      ),
    );
    expect(outcomes.filter(Boolean)).toEqual([]);
    for (const store of stores)
      await until(() => expect(contents(store)).toEqual([`a data of a ${endpoints.join(" ")}`]));
  });

  test("what is not renewed goes even if no service is there to see it", async () => {
    const prefix = newPrefix();
    const store = await open(prefix);
    await store.update("one", update("a", { ttlMs: 1_000 }));
    await store.close();
    await until(async () => expect(contents(await open(prefix))).toEqual([]));
  });

  test("what others wrote under the prefix is passed over", async () => {
    const prefix = newPrefix();
    const { Etcd3 } = await import("etcd3");
    const client = new Etcd3({ hosts: etcd.url });
    onTestFinished(() => client.close());
    await client.put(`${prefix}garbage`).value("x");
    await client.put(`${prefix}YQ/Yg`).value('["a","other","",5,[]]');
    const store = await open(prefix);
    await client.put(`${prefix}//`).value("");
    await store.update("one", update("a"));
    await client.delete().key(`${prefix}garbage`);
    expect(store.size()).toMatchObject({ affiliates: 1 });
    expect(contents(store)).toEqual(["a data of a"]);
  });

  test("an outage of etcd refuses writing, keeps reading, and ends", async () => {
    const prefix = newPrefix();
    const [one, two] = [await open(prefix), await open(prefix)];
    await one.update("one", update("a"));
    await until(() => expect(one.isReady() && two.isReady()).toBe(true));
    await etcd.kill();
    await until(() => expect(one.isReady()).toBe(false));
    await expect(one.update("one", update("b"))).rejects.toMatchObject({ code: "discovery" });
    expect(contents(one)).toEqual(["a data of a"]);
    await etcd.start();
    await until(async () => expect(await one.update("one", update("c"))).toBeUndefined());
    await until(() => expect(contents(two)).toContain("c data of c"));
    expect(contents(two)).toContain("a data of a");
  });
});

/** How often the only key under the prefix was written. */
async function versionOf(prefix: string): Promise<number> {
  const { Etcd3 } = await import("etcd3");
  const client = new Etcd3({ hosts: etcd.url });
  onTestFinished(() => client.close());
  const { kvs } = await client.getAll().prefix(prefix).exec();
  return Number(kvs[0]?.version);
}

describe("the history in etcd", () => {
  test("has one version a second and affiliate, whatever is asked for, and in the end the last of it", async () => {
    const prefix = newPrefix();
    const store = await open(prefix);
    const waves = 3;
    const since = performance.now();
    for (let wave = 0; wave < waves; wave++) {
      const data = (index: number) => Buffer.from(`${wave}-${index}`);
      await Promise.all(
        Array.from({ length: 50 }, (_, index) => store.update("one", update("a", { data: data(index) }))),
      );
    }
    const seconds = (performance.now() - since) / 1000;
    expect(contents(store)).toEqual(["a 2-49"]);
    expect(await versionOf(prefix)).toBeLessThanOrEqual(2 * waves);
    expect(await versionOf(prefix)).toBeLessThanOrEqual(1 + Math.ceil(seconds));
  });

  test("holds what was asked for in its order, deletions too", async () => {
    const store = await open(newPrefix());
    await store.update("one", update("a"));
    await Promise.all([
      store.update("one", update("a", { endpoints: [Buffer.from("1")] })),
      store.delete("one", "a"),
      store.update("one", update("a", { endpoints: [Buffer.from("2")] })),
    ]);
    expect(contents(store)).toEqual(["a data of a 2"]);
    await Promise.all([store.update("one", update("a")), store.delete("one", "a")]);
    expect(contents(store)).toEqual([]);
  });

  test("is thrown away, and who watches goes on", async () => {
    const prefix = newPrefix();
    const [store, other] = [await open(prefix, () => undefined, 300), await open(prefix)];
    const { Etcd3 } = await import("etcd3");
    const client = new Etcd3({ hosts: etcd.url });
    onTestFinished(() => client.close());
    await store.update("one", update("a"));
    const { header } = await client.kv.range({ key: Buffer.from("\0"), count_only: true });
    await until(async () => {
      await store.update("one", update("a", { data: Buffer.from(String(performance.now())) }));
      const old = client.kv.range({ key: Buffer.from(prefix), revision: header.revision });
      await expect(old).rejects.toThrow(/compacted/);
    });
    await store.update("one", update("last"));
    await until(() => expect(contents(other)).toContain("last data of last"));
  });
});

test("an etcd that does not answer ends the start", async () => {
  const options = { prefix: "/x/", capacity, compactEveryMs: 0, log: silent, onChange: () => undefined };
  await expect(openEtcdStore({ ...options, hosts: ["http://127.0.0.1:1"] })).rejects.toMatchObject({
    code: "discovery",
    message: /etcd does not answer/,
  });
});
