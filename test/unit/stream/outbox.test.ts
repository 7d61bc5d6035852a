import { array, assert, integer, property } from "fast-check";
import { expect, test } from "vitest";
import { CarryRequest } from "../../../src/discovery/wire/index.ts";
import { carriageLimits, isPacketSize, Outbox, type Packet } from "../../../src/stream/index.ts";

const { leastPacketBytes, mostPacketBytes, mostMessageBytes, mostPackets } = carriageLimits;
const peer = "p".repeat(52);

test("messages hold what was pushed, in order, but for the oldest; each is within the bounds of the service", () => {
  const sizes = array(integer({ min: leastPacketBytes, max: mostPacketBytes }), { maxLength: 400 });
  assert(
    property(sizes, integer({ min: 1, max: 256 }), (all, most) => {
      const outbox = new Outbox();
      const packets: Packet[] = all.map((size) => ({ peer, data: new Uint8Array(size) }));
      let dropped = 0;
      for (const packet of packets) dropped += outbox.push(packet, most);
      expect([dropped, outbox.size]).toEqual([Math.max(0, all.length - most), Math.min(all.length, most)]);
      const left: Packet[] = [];
      for (let next = outbox.next(); next.length > 0; next = outbox.next()) {
        expect(next.length).toBeLessThanOrEqual(mostPackets);
        const message = { packets: next.map((each) => ({ ...each, data: Buffer.from(each.data) })) };
        expect(CarryRequest.encode(message).finish().length).toBeLessThanOrEqual(mostMessageBytes);
        left.push(...next);
      }
      expect(left).toEqual(packets.slice(dropped));
    }),
    { numRuns: 50 },
  );
});

test("the bounds leave room for every packet of WireGuard on a usual link, and for nothing smaller than its smallest", () => {
  expect([31, 32, 148, 1500, 1600, 1601].map(isPacketSize)).toEqual([false, true, true, true, true, false]);
});

test("what is cleared is gone", () => {
  const outbox = new Outbox();
  outbox.push({ peer, data: new Uint8Array(100) });
  outbox.clear();
  expect([outbox.size, outbox.next()]).toEqual([0, []]);
});

const from = (name: string, number: number): Packet => ({
  peer: name,
  data: new Uint8Array(100).fill(number),
});

test("a node that sends too much loses its own packets, and not those of others", () => {
  const outbox = new Outbox();
  outbox.push(from("modest", 1), 4);
  for (let number = 1; number <= 9; number++) outbox.push(from("greedy", number), 4);
  outbox.push(from("other", 1), 4);
  const left = outbox.next().map((packet) => `${packet.peer} ${packet.data[0]}`);
  expect(left).toEqual(["modest 1", "greedy 8", "greedy 9", "other 1"]);
  expect(outbox.push(from("greedy", 1), 1)).toBe(0);
});
