import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ChangeLog } from "../../../src/discovery-server/change-log.ts";
import { type Change, idOfChange } from "../../../src/discovery-server/cluster-state.ts";

const updated = (id: string, text = ""): Change => ({
  kind: "updated",
  affiliate: { id, data: Buffer.from(text), endpoints: [] },
});
const deleted = (id: string): Change => ({ kind: "deleted", id });

const nothingIsOld = (): number => 0;
const sizeOf = (change: Change): number => (change.kind === "updated" ? change.affiliate.data.length : 0);
const logOf = (affiliates = 256, bytes = 1_000): ChangeLog => new ChangeLog({ affiliates, bytes }, sizeOf);

const textOf = (change: Change): string =>
  change.kind === "deleted" ? `-${change.id}` : `+${change.affiliate.id}=${String(change.affiliate.data)}`;

/** What a watcher at this position is told, a text for each message. */
function toldFrom(log: ChangeLog, from: number): { messages: string[]; position: number } {
  const messages: string[] = [];
  let position = from;
  for (let batch = log.after(position); batch; batch = log.after(position)) {
    if (batch.changes.length > 0) messages.push(batch.changes.map(textOf).join(" "));
    position = batch.next;
  }
  return { messages, position };
}

describe("a log of changes", () => {
  test("tells what is published, the newest change of each affiliate, updates and deletions apart", () => {
    const log = logOf();
    for (const change of [updated("a", "1"), updated("b", "1"), deleted("c"), updated("a", "2")])
      log.append(change);
    expect(log.after(0)).toBeUndefined();
    log.publish(nothingIsOld);
    expect(toldFrom(log, 0)).toEqual({ messages: ["+b=1", "-c", "+a=2"], position: 4 });
    log.append(updated("b", "2"));
    expect(log.after(4)).toBeUndefined();
    // What is about to be told anew is not told before.
    expect(toldFrom(log, 0)).toEqual({ messages: ["+b=1", "-c", "+a=2"], position: 4 });
    log.publish(nothingIsOld);
    expect(toldFrom(log, 0).messages).toEqual(["-c", "+a=2 +b=2"]);
    expect(toldFrom(log, 4).messages).toEqual(["+b=2"]);
  });

  test("gives those at one position the same, which is made once", () => {
    const log = logOf();
    log.append(updated("a"));
    log.publish(nothingIsOld);
    expect(log.after(0)).toBe(log.after(0));
  });

  test("bounds a batch by its number and by its size, and lets one through that is too large alone", () => {
    const log = logOf(2, 10);
    for (const text of ["1", "1", "1", "123456", "12345", "12345678901"])
      log.append(updated(`n${text}`, text));
    log.append(updated("x", "1"));
    log.publish(nothingIsOld);
    expect(toldFrom(log, 0).messages.map((message) => message.split(" ").length)).toEqual([2, 1, 1, 1]);
    expect(toldFrom(log, 0).position).toBe(log.end);
  });

  test("any changes, and watchers that read now and then: each ends with the same affiliates", () => {
    const step = fc.oneof(
      fc.record({ id: fc.constantFrom("a", "b", "c", "d"), isGone: fc.boolean() }),
      fc.constant("publish" as const),
      fc.record({ reader: fc.nat(3), most: fc.nat(3) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const log = logOf(2);
        const present = new Map<string, string>();
        const readers = Array.from({ length: 4 }, () => ({ position: 0, known: new Map<string, string>() }));
        const publish = (): void => log.publish(() => Math.min(...readers.map(({ position }) => position)));
        const read = (reader: (typeof readers)[number], most: number): void => {
          for (let round = 0; round < most; round++) {
            const batch = log.after(reader.position);
            if (!batch) return;
            for (const change of batch.changes)
              if (change.kind === "deleted") reader.known.delete(change.id);
              else reader.known.set(idOfChange(change), String(change.affiliate.data));
            reader.position = batch.next;
          }
        };
        steps.forEach((each, index) => {
          if (each === "publish") return publish();
          if ("reader" in each)
            return read(readers[each.reader] ?? { position: 0, known: new Map() }, each.most);
          if (each.isGone) present.delete(each.id);
          else present.set(each.id, `${index}`);
          log.append(each.isGone ? deleted(each.id) : updated(each.id, `${index}`));
        });
        publish();
        for (const reader of readers) {
          expect(log.waiting(reader.position)).toBeLessThanOrEqual(4);
          read(reader, Number.POSITIVE_INFINITY);
          expect(Object.fromEntries(reader.known)).toEqual(Object.fromEntries(present));
        }
      }),
    );
  });

  test("keeps no more than what somebody has yet to be told", () => {
    const log = logOf();
    let position = 0;
    for (let round = 0; round < 1_000; round++) {
      log.append(updated(`n${round}`));
      log.append(deleted(`n${round}`));
      log.publish(() => position);
      ({ position } = toldFrom(log, position));
    }
    expect(log.waiting(0)).toBeLessThan(100);
    const behind = position;
    for (let round = 0; round < 1_000; round++) {
      log.append(updated("a", `${round}`));
      log.publish(() => behind);
    }
    expect(log.waiting(behind)).toBe(1);
    expect(toldFrom(log, behind).messages).toEqual(["+a=999"]);
  });
});
