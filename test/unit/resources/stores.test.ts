import { expect, test } from "vitest";
import { ResourceStores, type Seen } from "../../../src/resources/index.ts";

/** A daemon that logs one more event whenever it is looked at, and whose looks end when they are let. */
function world() {
  let looks = 0;
  let end: (() => void) | undefined;
  const event = { number: 1, at: "2026-11-27T00:00:00Z", level: "info" };
  const stores = new ResourceStores({
    see: () => ({ events: [{ ...event, text: `look ${++looks}` }] }) as unknown as Seen,
    refresh: () => look,
    afterTurn: (act) => process.nextTick(act),
    clock: () => 0,
  });
  let look = Promise.resolve();
  const begin = (): void => {
    look = new Promise((resolve) => {
      end = resolve;
    });
  };
  const text = async (): Promise<unknown> => (await stores.list("events")).items[0]?.spec["text"];
  return { begin, end: () => end?.(), text };
}

test("all who wait for one look see the same, which is seen once", async () => {
  const { begin, end, text } = world();
  begin();
  const asked = Array.from({ length: 20 }, text);
  end();
  expect(new Set(await Promise.all(asked))).toEqual(new Set(["look 1"]));
});

test("who asks later sees what is so by then", async () => {
  const { begin, end, text } = world();
  expect(await text()).toBe("look 1");
  begin();
  const [first, second] = [text(), text()];
  end();
  expect(await Promise.all([first, second])).toEqual(["look 2", "look 2"]);
  expect(await text()).toBe("look 3");
});
