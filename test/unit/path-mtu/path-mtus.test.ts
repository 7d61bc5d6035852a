import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { PathMtus } from "../../../src/path-mtu/effects/index.ts";
import type { PathPeer } from "../../../src/path-mtu/index.ts";
import { address, endpoint, key } from "../mesh/values.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const peer: PathPeer = {
  publicKey: key(1),
  address: address("fd00::1"),
  endpoint: endpoint("198.51.100.1:51820"),
  upSince: 1,
  phase: "up",
};

/** A search whose datagrams of up to that size come back after a while. */
function searching(passing: number, known = new Map<ReturnType<typeof address>, number>()) {
  const onChange = vi.fn<() => void>();
  const read = vi.fn(() => Promise.resolve(known));
  const sizes: number[] = [];
  let awaited = 0;
  const search = new PathMtus(
    {
      send: (_, size, onHeard) => {
        sizes.push(size);
        awaited++;
        const timer = size <= passing ? setTimeout(onHeard, 30) : undefined;
        return () => {
          clearTimeout(timer);
          awaited--;
        };
      },
      known: read,
      onChange,
    },
    () => Date.now(),
  );
  return { search, onChange, read, sizes, awaited: () => awaited };
}

test("the routes change once when a smaller MTU was found, and no datagram is awaited any more", async () => {
  const { search, onChange, awaited } = searching(1328);
  search.follow([peer], 1420);
  await vi.advanceTimersByTimeAsync(20_000);
  expect(search.found.get(key(1))?.mtu).toBe(1328);
  expect([onChange.mock.calls.length, awaited()]).toEqual([1, 0]);
  search.follow([], 1420);
  expect([onChange.mock.calls.length, search.found.size]).toEqual([2, 0]);
});

test("what routers said is read once where the whole MTU comes back, before it is believed", async () => {
  const { search, read, sizes } = searching(1420, new Map([[address("198.51.100.1"), 1400]]));
  search.follow([peer], 1420);
  await vi.advanceTimersByTimeAsync(20_000);
  expect([sizes, read.mock.calls.length, search.found.get(key(1))?.mtu]).toEqual([[1420], 1, 1328]);
});

test("a path on which everything passes changes nothing", async () => {
  const { search, onChange, sizes } = searching(1420);
  search.follow([peer], 1420);
  await vi.advanceTimersByTimeAsync(700_000);
  expect([sizes, search.found.get(key(1))?.mtu, onChange.mock.calls.length]).toEqual([[1420], 1420, 0]);
});

test("nothing is sent or told after the end", async () => {
  const { search, onChange, sizes, awaited } = searching(1328);
  search.follow([peer], 1420);
  search.close();
  await vi.advanceTimersByTimeAsync(20_000);
  expect([sizes, onChange.mock.calls.length, awaited()]).toEqual([[1420], 0, 0]);
});
