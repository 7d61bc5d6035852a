import { expect, test } from "vitest";
import { Carriage, type Line, type Packet } from "../../../src/stream/index.ts";

const second = 1000;
const data = 4;

const packet = (type: number, counter: number): Packet => {
  const bytes = Buffer.alloc(32, type);
  bytes.writeUInt32LE(counter, 8);
  return { peer: "p", data: bytes };
};

/** A carriage with lines of these names, the packets that it is told of, and the names of the lines that one for the peer takes. */
function carriageOf(...names: readonly string[]) {
  const taken: string[] = [];
  const carriage = new Carriage();
  const lines = new Map(
    names.map((service): [string, Line] => [service, { service, send: () => taken.push(service) }]),
  );
  for (const line of lines.values()) carriage.opened(line);
  let made = 0;
  const heard = (service: string, now: number, type = data, counter = ++made): number => {
    const line = lines.get(service) ?? expect.fail(service);
    carriage.heard(packet(type, counter), line, now);
    return counter;
  };
  const linesFor = (now: number, type = data): string[] => {
    taken.length = 0;
    carriage.send(packet(type, 0), now);
    return [...taken];
  };
  const close = (service: string): void => carriage.closed(lines.get(service) ?? expect.fail(service));
  return { carriage, heard, linesFor, close };
}

test("packets for a node take all lines until one brings a packet of it, and then that one", () => {
  const { carriage, heard, linesFor, close } = carriageOf("one", "two");
  expect([linesFor(0), carriage.serviceFor("p")]).toEqual([["one", "two"], "one"]);
  heard("two", 0);
  expect([linesFor(0), carriage.serviceFor("p")]).toEqual([["two"], "two"]);
  carriage.keepOnly(new Set());
  expect(linesFor(0)).toEqual(["one", "two"]);
  heard("two", 0);
  close("two");
  expect(linesFor(0)).toEqual(["one"]);
  close("one");
  expect([linesFor(0), carriage.serviceFor("p")]).toEqual([[], undefined]);
});

test("whoever sends something in a peer's name at another service takes nothing from the line of the peer", () => {
  const { carriage, heard, linesFor } = carriageOf("honest", "other");
  heard("honest", 0);
  for (let now = second; now < 600 * second; now += second) {
    heard("other", now);
    if (now % (25 * second) === 0) heard("honest", now); // WireGuard's keepalives
    expect(linesFor(now)).toContain("honest");
    expect(carriage.serviceFor("p")).toBe("honest");
  }
  expect(linesFor(700 * second)).toEqual(["honest"]);
});

test("nor does whoever was there first, or while the peer was away", () => {
  const { heard, linesFor } = carriageOf("honest", "other");
  heard("other", 0);
  heard("honest", second, 2);
  expect(linesFor(second)).toContain("honest");
  for (let now = 2 * second; now < 300 * second; now += second / 10) heard("other", now);
  heard("honest", 300 * second);
  heard("other", 300 * second);
  expect(linesFor(300 * second)).toContain("honest");
});

test.each([1, 2, 3])("a message of type %i, which belongs to a handshake, takes all lines", (type) => {
  const { heard, linesFor } = carriageOf("one", "two");
  heard("one", 0);
  expect([linesFor(0, type), linesFor(0)]).toEqual([["one", "two"], ["one"]]);
});

test("a peer that sends the same over both lines is answered over one, whichever is faster", () => {
  const { heard, linesFor } = carriageOf("one", "two");
  heard("one", 0);
  for (let now = second; now < 20 * second; now += second) {
    const [first, then] = now % (2 * second) === 0 ? ["one", "two"] : ["two", "one"];
    const counters = [1, 2, 3].map(() => heard(first ?? "", now));
    for (const counter of counters) heard(then ?? "", now, data, counter);
    expect(linesFor(now)).toEqual(["one"]);
  }
});

test("a peer that goes on at another service has both lines at once, and that one alone in the end", () => {
  const { carriage, heard, linesFor } = carriageOf("one", "two");
  heard("one", 0);
  heard("two", second);
  expect(linesFor(second)).toEqual(["one", "two"]);
  heard("two", 61 * second);
  expect([linesFor(61 * second), carriage.serviceFor("p")]).toEqual([["two"], "two"]);
});
