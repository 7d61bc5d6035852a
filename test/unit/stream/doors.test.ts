import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { expect, onTestFinished, test, vi } from "vitest";
import { Doors, mostDoors } from "../../../src/stream/effects/doors.ts";
import type { Packet } from "../../../src/stream/index.ts";

const until = <Result>(assertion: () => Result): Promise<Result> =>
  vi.waitFor(assertion, { timeout: 45_000, interval: 20 });

/** A UDP socket on loopback, and what it received. */
async function socket(): Promise<{
  readonly socket: Socket;
  readonly port: number;
  readonly received: (readonly [byte: number | undefined, port: number])[];
}> {
  const made = createSocket("udp4");
  const received: (readonly [number | undefined, number])[] = [];
  made.on("message", (packet, { port }) => received.push([packet[0], port]));
  made.bind(0, "127.0.0.1");
  await once(made, "listening");
  onTestFinished(() => void made.close());
  return { socket: made, port: made.address().port, received };
}

function doorsTo(listenPort: number): { readonly doors: Doors; readonly sent: Packet[]; changes: number } {
  const sent: Packet[] = [];
  const made = {
    doors: new Doors({
      listenPort,
      send: (packet) => sent.push(packet),
      onChange: () => made.changes++,
      onFailure: (error) => expect.fail(String(error)),
    }),
    sent,
    changes: 0,
  };
  onTestFinished(() => made.doors.close());
  return made;
}

const packet = (byte: number, length = 100): Buffer => Buffer.alloc(length, byte);
const portOf = (doors: Doors, peer: string): Promise<number> =>
  until(() => doors.ports.get(peer) ?? expect.fail("no door"));

test("a door leads from WireGuard's port to its peer and back, and nobody else through it", async () => {
  const [wireguard, other] = [await socket(), await socket()];
  const { doors, sent } = doorsTo(wireguard.port);
  doors.open("a");
  doors.open("b");
  const [a, b] = [await portOf(doors, "a"), await portOf(doors, "b")];
  other.socket.send(packet(66), a, "127.0.0.1");
  wireguard.socket.send(packet(67, 31), a, "127.0.0.1");
  wireguard.socket.send(packet(68, 1601), a, "127.0.0.1");
  wireguard.socket.send(packet(1), a, "127.0.0.1");
  wireguard.socket.send(packet(2), b, "127.0.0.1");
  await until(() => expect(sent).toHaveLength(2));
  const seen = sent.map(({ peer, data }) => `${peer}${data[0]}`);
  expect(seen.toSorted()).toEqual(["a1", "b2"]);
  doors.deliver({ peer: "b", data: packet(3) });
  await until(() => expect(wireguard.received).toEqual([[3, b]]));
});

test("a packet of a peer without a door opens one, and comes through it", async () => {
  const wireguard = await socket();
  const made = doorsTo(wireguard.port);
  made.doors.deliver({ peer: "a", data: packet(1) });
  await until(() => expect(wireguard.received.map(([byte]) => byte)).toEqual([1]));
  expect([made.changes, wireguard.received[0]?.[1]]).toEqual([1, made.doors.ports.get("a")]);
});

test("a door is opened at the port that it had, or at another one if that is taken", async () => {
  const [wireguard, taken] = [await socket(), await socket()];
  const before = doorsTo(wireguard.port);
  before.doors.open("a");
  const port = await portOf(before.doors, "a");
  before.doors.close();
  const { doors } = doorsTo(wireguard.port);
  doors.open("a", port);
  doors.open("b", taken.port);
  expect(await portOf(doors, "a")).toBe(port);
  expect(await portOf(doors, "b")).not.toBe(taken.port);
});

test("doors of whoever is no member are closed; others stay while they are needed or were used just now", async () => {
  const { doors } = doorsTo((await socket()).port);
  for (const peer of ["a", "b", "gone"]) doors.open(peer);
  await until(() => expect(doors.ports.size).toBe(3));
  doors.keepOnly(new Set(["a", "b"]), new Set(["a"]));
  expect([...doors.ports.keys()]).toEqual(["a", "b"]);
  vi.spyOn(performance, "now").mockReturnValue(performance.now() + 200_000);
  onTestFinished(() => void vi.restoreAllMocks());
  doors.keepOnly(new Set(["a", "b"]), new Set(["a"]));
  expect([...doors.ports.keys()]).toEqual(["a"]);
});

test("there are so many doors and no more, and none after the end", async () => {
  const { doors } = doorsTo((await socket()).port);
  for (let index = 0; index < mostDoors + 10; index++) doors.open(`peer ${index}`);
  await until(() => expect(doors.ports.size).toBe(mostDoors));
  doors.close();
  doors.open("a");
  expect(doors.ports.size).toBe(0);
});
