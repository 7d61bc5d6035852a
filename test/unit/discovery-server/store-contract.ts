import { expect, test } from "vitest";
import type { AffiliateUpdate } from "../../../src/discovery-server/requests.ts";
import type { OnChange, Store } from "../../../src/discovery-server/store.ts";
import { until } from "../discovery/loopback.ts";

/** Opens an empty store, closed after the test. */
export type OpenStore = (onChange: OnChange) => Promise<Store>;

export const update = (affiliateId: string, parts: Partial<AffiliateUpdate> = {}): AffiliateUpdate => ({
  affiliateId,
  data: Buffer.from(`data of ${affiliateId}`),
  endpoints: [],
  ttlMs: 60_000,
  ...parts,
});

interface Opened {
  readonly store: Store;
  /** `+a` for an affiliate that is new or other than before, `-a` for one that is gone. */
  readonly heard: string[];
}

async function opened(open: OpenStore): Promise<Opened> {
  const heard: string[] = [];
  const store = await open(({ clusterId, change }) => {
    const what = change.kind === "deleted" ? `-${change.id}` : `+${change.affiliate.id}`;
    heard.push(clusterId === "one" ? what : `${clusterId} ${what}`);
  });
  return { store, heard };
}

export const contents = (store: Store, clusterId = "one"): string[] =>
  store
    .snapshot(clusterId)
    .map(({ id, data, endpoints }) =>
      [
        id,
        Buffer.from(data).toString(),
        ...endpoints.map((each) => Buffer.from(each).toString()).sort(),
      ].join(" "),
    )
    .sort();

/** What every store does, whatever stands behind it. */
export function storeContract(open: OpenStore): void {
  test("begins empty, and gives what was put in once putting it in is done", async () => {
    const { store, heard } = await opened(open);
    expect(contents(store)).toEqual([]);
    expect(await store.update("one", update("a", { endpoints: [Buffer.from("1")] }))).toBeUndefined();
    expect(contents(store)).toEqual(["a data of a 1"]);
    expect(heard).toEqual(["+a"]);
    expect(store.size()).toMatchObject({ clusters: 1, affiliates: 1 });
    expect(store.size().bytes).toBeGreaterThan(0);
    await until(() => expect(store.isReady()).toBe(true));
  });

  test("keeps clusters apart", async () => {
    const { store, heard } = await opened(open);
    await store.update("one", update("a"));
    await store.update("another/..", update("a/b", { data: Buffer.from("x") }));
    expect([contents(store), contents(store, "another/..")]).toEqual([["a data of a"], ["a/b x"]]);
    expect(heard).toEqual(["+a", "another/.. +a/b"]);
  });

  test("unites endpoints, and keeps data when only endpoints come", async () => {
    const { store, heard } = await opened(open);
    await store.update("one", update("a", { endpoints: [Buffer.from("1")] }));
    await store.update("one", { affiliateId: "a", endpoints: [Buffer.from("2")], ttlMs: 60_000 });
    await store.update("one", { affiliateId: "b", endpoints: [Buffer.from("3")], ttlMs: 60_000 });
    expect(contents(store)).toEqual(["a data of a 1 2", "b  3"]);
    expect(heard).toEqual(["+a", "+a", "+b"]);
  });

  test("tells nobody of what is only renewed", async () => {
    const { store, heard } = await opened(open);
    for (let round = 0; round < 3; round++)
      await store.update("one", update("a", { endpoints: [Buffer.from("1")] }));
    expect(heard).toEqual(["+a"]);
  });

  test("takes many updates of one affiliate at once, and loses none", async () => {
    const { store } = await opened(open);
    const endpoints = Array.from({ length: 8 }, (_, index) => String(index));
    await Promise.all(
      endpoints.map((endpoint) => store.update("one", update("a", { endpoints: [Buffer.from(endpoint)] }))),
    );
    expect(contents(store)).toEqual([`a data of a ${endpoints.join(" ")}`]);
  });

  test("forgets what is deleted, and says so once", async () => {
    const { store, heard } = await opened(open);
    await store.update("one", update("a"));
    await store.delete("one", "a");
    await store.delete("one", "a");
    await store.delete("none", "a");
    expect(contents(store)).toEqual([]);
    expect(heard).toEqual(["+a", "-a"]);
    await store.update("one", update("a"));
    expect(heard).toEqual(["+a", "-a", "+a"]);
  });

  test("forgets what is not renewed, endpoints one by one", async () => {
    const { store, heard } = await opened(open);
    await store.update("one", update("a", { endpoints: [Buffer.from("1")], ttlMs: 60_000 }));
    await store.update("one", { affiliateId: "a", endpoints: [Buffer.from("2")], ttlMs: 1_000 });
    await store.update("one", update("b", { ttlMs: 1_000 }));
    await until(() => expect(contents(store)).toEqual(["a data of a 1"]));
    expect(heard.slice(3).toSorted()).toEqual(["+a", "-b"]);
  });

  test("refuses the 65th endpoint, and keeps the others", async () => {
    const { store, heard } = await opened(open);
    const endpoints = Array.from({ length: 64 }, (_, index) => Buffer.from([index]));
    await store.update("one", update("a", { endpoints }));
    const refusal = await store.update("one", update("a", { endpoints: [Buffer.from([64])] }));
    expect(refusal).toMatchObject({ refused: "RESOURCE_EXHAUSTED" });
    expect(store.snapshot("one")[0]?.endpoints).toHaveLength(64);
    expect(heard).toEqual(["+a"]);
  });

  test("refuses what would be more than its capacity, and goes on", async () => {
    const { store } = await opened(open);
    for (let index = 0; index < 16; index++) await store.update(`cluster ${index}`, update("a"));
    expect(await store.update("one too many", update("a"))).toMatchObject({ refused: "RESOURCE_EXHAUSTED" });
    await store.delete("cluster 0", "a");
    expect(await store.update("one too many", update("a"))).toBeUndefined();
  });
}

/** What `storeContract` counts on. */
export const capacity = { clusters: 16, bytes: 1024 * 1024 };
