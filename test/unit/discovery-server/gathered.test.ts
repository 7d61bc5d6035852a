import { expect, test, vi } from "vitest";
import type { Envelope } from "../../../src/discovery/index.ts";
import { WatchResponse } from "../../../src/discovery/wire/index.ts";
import type { Change } from "../../../src/discovery-server/cluster-state.ts";
import { ClusterWatchers } from "../../../src/discovery-server/effects/cluster-watchers.ts";
import { Watcher } from "../../../src/discovery-server/effects/watcher.ts";
import type { Message } from "../../../src/discovery-server/frame.ts";
import { gatherMs } from "../../../src/discovery-server/gather.ts";

/*
 * The watchers of a cluster in which many nodes say something at the same time. Calls are imitated: each notes the
 * messages that it was sent, and when it has read them. The service itself runs in server.test.ts.
 */

class Reader {
  readonly messages: Message[] = [];
  readonly #waiting: (() => void)[] = [];
  ended = false;

  readonly call = {
    onClose: () => undefined,
    send: (message: Message) =>
      new Promise<void>((resolve) => {
        this.messages.push(message);
        this.#waiting.push(resolve);
      }),
    end: () => {
      this.ended = true;
    },
    cut: () => undefined,
  };

  async read(): Promise<void> {
    this.#waiting.shift()?.();
    await Promise.resolve();
    await Promise.resolve();
  }

  /** What it was told, in order: `+id=data` and `-id`. */
  get told(): string[] {
    return this.messages.slice(1).flatMap((message) => {
      const { affiliates, deleted } = WatchResponse.decode(Buffer.concat(message.pieces));
      return affiliates.map(({ id, data }) => (deleted ? `-${id}` : `+${id}=${data.toString()}`));
    });
  }
}

const updated = (id: string, data = ""): Change => ({
  kind: "updated",
  affiliate: { id, data: Buffer.from(data), endpoints: [] },
});
const deleted = (id: string): Change => ({ kind: "deleted", id });

function watchers(
  count: number,
  snapshot: readonly Envelope[] = [],
): { readonly cluster: ClusterWatchers; readonly readers: readonly Reader[] } {
  const cluster = new ClusterWatchers(1_000);
  const readers = Array.from({ length: count }, () => {
    const reader = new Reader();
    const events = { onEnd: vi.fn(), onCutOff: vi.fn() };
    const watcher = new Watcher(reader.call as never, cluster.log, events);
    const start = cluster.startWith(snapshot);
    cluster.add(watcher);
    watcher.start(start);
    return reader;
  });
  return { cluster, readers };
}

const readAll = async (readers: readonly Reader[]): Promise<void> => {
  for (const reader of readers) await reader.read();
};

test("a change after a quiet moment is told at once, and those right after it together", async () => {
  vi.useFakeTimers();
  try {
    const { cluster, readers } = watchers(500);
    await readAll(readers);
    cluster.tell(updated("a", "1"));
    expect(readers.map(({ told }) => told.join())).toEqual(Array(500).fill("+a=1"));
    await readAll(readers);
    for (let index = 0; index < 50; index++) cluster.tell(updated(`n${index}`, "1"));
    cluster.tell(updated("n7", "2"));
    cluster.tell(deleted("a"));
    expect(readers[0]?.told).toHaveLength(1);
    vi.advanceTimersByTime(gatherMs(500) + 1);
    await readAll(readers);
    await readAll(readers);
    for (const { messages, told } of readers) {
      expect(messages).toHaveLength(4); // the snapshot, the first change, all updates, the deletion
      expect(told).toHaveLength(52);
      expect(told.slice(-2)).toEqual(["+n7=2", "-a"]);
    }
  } finally {
    vi.useRealTimers();
  }
});

test("the order of an update and a deletion of one affiliate is kept for a watcher that reads slowly", async () => {
  vi.useFakeTimers();
  try {
    const { cluster, readers } = watchers(1);
    cluster.tell(updated("a", "1"));
    cluster.tell(deleted("a"));
    cluster.tell(updated("b", "1"));
    cluster.tell(deleted("b"));
    cluster.tell(updated("a", "2"));
    vi.advanceTimersByTime(gatherMs(1) + 1);
    for (let round = 0; round < 3; round++) await readAll(readers);
    expect(readers[0]?.told).toEqual(["-b", "+a=2"]);
  } finally {
    vi.useRealTimers();
  }
});

test("one message holds a bounded number of affiliates", async () => {
  const { cluster, readers } = watchers(1);
  const [reader] = readers;
  for (let index = 0; index < 600; index++) cluster.tell(updated(`n${index}`));
  await vi.waitFor(async () => {
    await reader?.read();
    expect(reader?.told).toHaveLength(600);
  });
  const sizes = reader?.messages.slice(1).map(({ pieces }) => pieces.length) ?? [];
  expect(Math.max(...sizes)).toBeLessThanOrEqual(256);
  expect(sizes.length).toBeLessThan(8);
});

test("those who watch in one moment get one snapshot, and what changed since", async () => {
  vi.useFakeTimers();
  try {
    const { cluster, readers } = watchers(500, [{ id: "a", data: Buffer.from("1"), endpoints: [] }]);
    const [early] = readers;
    const snapshot = early?.messages[0];
    await readAll(readers);
    cluster.tell(updated("b", "1"));
    // The store has b already, and the one who comes now is told of it by what follows the snapshot.
    const late = new Reader();
    const watcher = new Watcher(late.call as never, cluster.log, { onEnd: vi.fn(), onCutOff: vi.fn() });
    const last = cluster.startWith([]);
    cluster.add(watcher);
    watcher.start(last);
    await late.read();
    expect(late.messages[0]).toBe(readers.at(-1)?.messages[0]);
    expect(late.messages[0]?.pieces).toEqual(snapshot?.pieces);
    expect(late.told).toEqual(["+b=1"]);
    vi.advanceTimersByTime(gatherMs(501) + 1);
    expect(cluster.startWith([]).message.pieces).toEqual([]);
  } finally {
    vi.useRealTimers();
  }
});
