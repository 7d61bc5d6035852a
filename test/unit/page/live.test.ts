import type { ServerResponse } from "node:http";
import { Writable } from "node:stream";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Live } from "../../../src/page/effects/live.ts";
import { pageState } from "../../../src/page/index.ts";
import { peer, status } from "../cli/status-values.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A reader that reads when the test says so. */
class Reader extends Writable {
  readonly written: string[] = [];
  #read: (() => void) | undefined;

  override _write(chunk: Buffer, _: string, done: () => void): void {
    this.written.push(chunk.toString());
    this.#read = done;
  }

  read(): void {
    this.#read?.();
  }

  writeHead(): void {}
  setTimeout(): void {}

  get response(): ServerResponse {
    return this as unknown as ServerResponse;
  }
}

const stateOf = (sentBytes: number) =>
  pageState({ status: status({ peers: [peer(1, { sentBytes })] }), events: [] }, 0);

test("a reader that is slow is told the newest state alone, once it has read", () => {
  const live = new Live();
  const reader = new Reader({ highWaterMark: 1 });
  live.open(reader.response, stateOf(0));
  for (const sent of [1, 2, 3]) live.tell(stateOf(sent));
  expect(reader.written).toHaveLength(1);
  reader.read();
  vi.runAllTicks();
  expect(reader.written).toHaveLength(2);
  expect(reader.written[1]).toMatch(/^data: .*"sentBytes":3/);
  reader.read();
  vi.runAllTicks();
  expect(reader.written).toHaveLength(2);
});

test("a reader that does not read is cut, one that reads gets comments, and nothing is left of those who went", async () => {
  const live = new Live();
  const [slow, quick] = [new Reader({ highWaterMark: 1 }), new Reader()];
  live.open(slow.response, stateOf(0));
  live.open(quick.response, stateOf(0));
  expect(vi.getTimerCount()).toBe(1);
  vi.advanceTimersByTime(15_000);
  expect(slow.destroyed).toBe(false);
  vi.advanceTimersByTime(15_000);
  expect(slow.destroyed).toBe(true);
  expect(quick.destroyed).toBe(false);
  quick.read();
  expect(quick.written.join("")).toContain(":\n\n");
  quick.destroy();
  await vi.waitFor(() => expect(live.isRead).toBe(false));
  expect(vi.getTimerCount()).toBe(0);
});
