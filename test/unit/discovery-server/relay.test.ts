import { status } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { RelayClient } from "../../../lab/relay-client.ts";
import { RelayService } from "../../../src/discovery/wire/index.ts";
import type { DiscoveryServer } from "../../../src/discovery-server/effects/start.ts";
import { carriageLimits } from "../../../src/stream/index.ts";
import { answer, rawClient, service, until } from "../discovery/loopback.ts";
import { Attacker, framed } from "./attacker.ts";

/** Makes affiliates known to a service. */
async function affiliates(port: number, clusterId: string, ...names: readonly string[]): Promise<void> {
  const client = rawClient(port);
  for (const affiliateId of names)
    await answer((done) =>
      client.affiliateUpdate(
        { clusterId, affiliateId, affiliateEndpoints: [], ttl: { seconds: 60n, nanos: 0 } },
        done,
      ),
    );
}

const connected = async ({ port }: DiscoveryServer, from = "127.0.0.1"): Promise<RelayClient> =>
  new RelayClient(await Attacker.connect(port, from));

async function member(
  server: DiscoveryServer,
  clusterId: string,
  id: string,
  from = "127.0.0.1",
): Promise<RelayClient> {
  const client = (await connected(server, from)).open(clusterId, id);
  await until(() => expect(client.isOpen).toBe(true));
  return client;
}

const packet = (byte: number, length = 100): Buffer => Buffer.alloc(length, byte);
const bytesOf = ({ received }: RelayClient): number[] => received.map(({ data }) => data[0] ?? -1);

test("packets pass between the members of a cluster, in order, with their senders", async () => {
  const server = await service({ relay: true });
  await affiliates(server.port, "c", "a", "b");
  const [a, b] = [await member(server, "c", "a"), await member(server, "c", "b")];
  a.send("b", packet(1), packet(2, carriageLimits.mostPacketBytes)).send("b", packet(3));
  b.send("a", packet(4));
  await until(() => expect([bytesOf(b), bytesOf(a)]).toEqual([[1, 2, 3], [4]]));
  expect(b.received.map(({ peer }) => peer)).toEqual(["a", "a", "a"]);
  expect(server.figures().relay).toMatchObject({ streams: 2, packets: 4, dropped: 0 });
  a.stream.end();
  await until(() => expect(server.figures().relay?.streams).toBe(1));
});

test("packets that arrive together leave together: a message of one costs as much as one of many", async () => {
  const server = await service({ relay: true });
  await affiliates(server.port, "c", "a", "b");
  const [a, b] = [await member(server, "c", "a"), await member(server, "c", "b")];
  a.send("b", ...Array.from({ length: 40 }, (_, index) => packet(index)));
  await until(() => expect(b.received).toHaveLength(40));
  // The first message says that the stream is open.
  expect(b.messages).toEqual([0, 40]);
});

test("a service that was not told to relay has no such method", async () => {
  const server = await service();
  await affiliates(server.port, "c", "a");
  const client = (await connected(server)).open("c", "a");
  await until(() => expect(client.status).toBe(status.UNIMPLEMENTED));
  expect(server.figures().relay).toBeUndefined();
});

test("nobody sends into another cluster, nor into this one without its secret", async () => {
  const server = await service({ relay: true });
  await affiliates(server.port, "c", "a", "b");
  await affiliates(server.port, "other", "x");
  const [a, b] = [await member(server, "c", "a"), await member(server, "c", "b")];
  const foreign = await member(server, "other", "x");
  foreign.send("b", packet(66)).send("a", packet(66));
  // Whoever knows the cluster id alone may call himself b: he gets nothing that is for b, and b stays.
  const pretender = (await connected(server)).open("c", "b", Buffer.alloc(32, "guessed"));
  await until(() => expect(pretender.isOpen).toBe(true));
  pretender.send("a", packet(66));
  await until(() => expect(server.figures().relay?.dropped).toBe(3));
  a.send("b", packet(1));
  await until(() => expect(bytesOf(b)).toEqual([1]));
  expect([a, foreign, pretender].flatMap(bytesOf)).toEqual([]);
});

test("a node that opens another stream goes on with that; the one before ends", async () => {
  const server = await service({ relay: true });
  await affiliates(server.port, "c", "a", "b");
  const [a, before] = [await member(server, "c", "a"), await member(server, "c", "b")];
  const after = await member(server, "c", "b");
  await until(() => expect(before.status).toBe(status.ABORTED));
  a.send("b", packet(1));
  await until(() => expect(bytesOf(after)).toEqual([1]));
  expect(server.figures().relay?.streams).toBe(2);
});

test.each([
  ["an opening of nobody", { clusterId: "c", affiliateId: "z", room: Buffer.alloc(32) }, "UNAVAILABLE"],
  ["a short room", { clusterId: "c", affiliateId: "a", room: Buffer.alloc(31) }, "INVALID_ARGUMENT"],
  ["no cluster", { clusterId: "", affiliateId: "a", room: Buffer.alloc(32) }, "INVALID_ARGUMENT"],
  ["a long id", { clusterId: "c", affiliateId: "a".repeat(257), room: Buffer.alloc(32) }, "INVALID_ARGUMENT"],
] as const)("%s opens no stream", async (_, opening, code) => {
  const server = await service({ relay: true });
  await affiliates(server.port, "c", "a");
  const client = await connected(server);
  client.write({ opening, packets: [] });
  await until(() => expect(client.status).toBe(status[code]));
  expect(client.isOpen).toBe(false);
});

test.each<readonly [string, (client: RelayClient) => void]>([
  ["an oversized packet", (client) => client.send("b", packet(1, carriageLimits.mostPacketBytes + 1))],
  ["a packet that is none of WireGuard's", (client) => client.send("b", packet(1, 31))],
  ["an oversized message", (client) => client.writeBytes(framed(Buffer.alloc(20_000)))],
  ["the head of a message of 4 GB", (client) => client.writeBytes(Buffer.from("00ffffffff", "hex"))],
  ["a compressed message", (client) => client.writeBytes(framed(Buffer.alloc(9), 1))],
  ["a message of nothing", (client) => client.write({ packets: [] })],
  ["bytes that are no message", (client) => client.writeBytes(framed(Buffer.alloc(40, 0xff)))],
  ["a second opening", (client) => client.open("c", "a")],
  ["too many packets", (client) => client.send("b", ...Array.from({ length: 65 }, () => packet(1)))],
  ["a receiver without a name", (client) => client.send("", packet(1))],
])("%s ends the stream, and nothing of it arrives", async (_, misbehave) => {
  const server = await service({ relay: true });
  await affiliates(server.port, "c", "a", "b");
  const [a, b] = [await member(server, "c", "a"), await member(server, "c", "b")];
  misbehave(a);
  await until(() => expect(a.isEnded).toBe(true));
  expect(a.status).not.toBe(status.OK);
  await until(() => expect(server.figures().relay?.streams).toBe(1));
  expect(b.received).toEqual([]);
});

test("a stream that nobody opens ends", async () => {
  const server = await service({ relay: true, bounds: { call: { requestMs: 50 } } });
  const client = await connected(server);
  await until(() => expect(client.status).toBe(status.DEADLINE_EXCEEDED));
});

test("a connection that misbehaves again and again is closed", async () => {
  const server = await service({ relay: true, bounds: { connections: { refusals: 3 } } });
  const attacker = await Attacker.connect(server.port, "127.0.0.9");
  for (let times = 0; times < 5 && !attacker.isCut; times++) {
    const client = new RelayClient(attacker).open("c", "nobody");
    await until(() => expect(client.isEnded).toBe(true));
  }
  await until(() => expect(attacker.isCut).toBe(true));
});

test("the streams of one address, and of one cluster, are bounded; others get theirs", async () => {
  const streams = { total: 3, perHolder: 2, perCluster: 2 };
  const server = await service({ relay: true, bounds: { carriers: { streams } } });
  await affiliates(server.port, "c", "a", "b", "x");
  await affiliates(server.port, "d", "a", "b");
  await member(server, "c", "a", "127.0.0.2");
  const newest = await member(server, "c", "b", "127.0.0.2");
  const ofAddress = (await connected(server, "127.0.0.2")).open("d", "a");
  await until(() => expect(ofAddress.status).toBe(status.RESOURCE_EXHAUSTED));
  const ofCluster = (await connected(server, "127.0.0.3")).open("c", "x");
  await until(() => expect(ofCluster.status).toBe(status.RESOURCE_EXHAUSTED));
  await member(server, "d", "a", "127.0.0.3");
  await member(server, "d", "b", "127.0.0.4"); // there is no room left: who has most gives the newest up
  await until(() => expect(newest.status).toBe(status.ABORTED));
  expect(server.figures().relay).toMatchObject({ streams: 3, cutOff: 1 });
});

test("a node that does not read loses its oldest packets; the newest wait, and others go on", async () => {
  const server = await service({ relay: true, bounds: { call: { stallMs: 600_000 } } });
  await affiliates(server.port, "c", "a", "b", "slow");
  const [a, b] = [await member(server, "c", "a"), await member(server, "c", "b")];
  const slow = await member(server, "c", "slow");
  slow.stream.pause();
  const sent = 4000;
  for (let index = 0; index < sent; index++) {
    const numbered = packet(0, 1400);
    numbered.writeUInt32BE(index);
    a.send("slow", numbered);
  }
  await until(() => expect(server.figures().relay?.dropped).toBeGreaterThan(0));
  a.send("b", packet(7));
  await until(() => expect(bytesOf(b)).toEqual([7]));
  slow.stream.resume();
  const numbers = (): number[] => slow.received.map(({ data }) => data.readUInt32BE());
  await until(() => expect(numbers().at(-1)).toBe(sent - 1));
  expect(numbers()).toEqual(numbers().toSorted((left, right) => left - right));
  expect(numbers().length).toBeLessThan(sent);
});

test("a node that floods is slowed down to its rate, and another cluster's packets are not", async () => {
  const rate = { perSecond: 20_000, burst: 20_000 };
  const server = await service({ relay: true, bounds: { carriers: { nodeRate: rate } } });
  await affiliates(server.port, "c", "a", "b");
  await affiliates(server.port, "d", "a", "b");
  const [flooder, sink] = [await member(server, "c", "a"), await member(server, "c", "b")];
  const [other, there] = [await member(server, "d", "a"), await member(server, "d", "b")];
  const since = performance.now();
  for (let index = 0; index < 2000; index++) flooder.send("b", packet(1, 1000));
  for (let index = 0; index < 10; index++) other.send("b", packet(2));
  await until(() => expect(there.received).toHaveLength(10));
  await until(() => expect(sink.received.length).toBeGreaterThan(0));
  const carried = (server.figures().relay?.bytes ?? 0) - 1000;
  // The window of the stream is what may be read at once, beyond the rate.
  const allowed = rate.burst + (rate.perSecond * (performance.now() - since)) / 1000 + 2 * 65_536;
  expect(carried).toBeLessThan(allowed);
});

const slow = { perSecond: 20_000, burst: 20_000 };
const everything = { perSecond: 1e9, burst: 1e9 };

test("many rooms of one address get no more than the one room of another, and fill no memory", async () => {
  const waitingBytes = 100_000;
  const carriers = { rate: { perSecond: 4000, burst: 4000 }, addressRate: everything, waitingBytes };
  const server = await service({ relay: true, bounds: { carriers } });
  const eaters = await Promise.all(
    Array.from({ length: 40 }, async (_, index) => {
      await affiliates(server.port, `eater ${index}`, "a");
      return member(server, `eater ${index}`, "a", "127.0.0.2");
    }),
  );
  await affiliates(server.port, "c", "a", "b");
  const [a, b] = [await member(server, "c", "a", "127.0.0.3"), await member(server, "c", "b", "127.0.0.3")];
  // Each room has but the one member, which sends to itself.
  for (const eater of eaters) for (let index = 0; index < 20; index++) eater.send("a", packet(1, 1000));
  await until(() => expect(server.figures().relay?.dropped).toBeGreaterThan(500));
  const eaten = (): number => eaters.flatMap(({ received }) => received).length;
  const before = eaten();
  for (let index = 0; index < 5; index++) a.send("b", packet(2, 32));
  await until(() => expect(b.received).toHaveLength(5));
  expect(server.figures().relay?.waitingBytes).toBeLessThanOrEqual(waitingBytes);
  expect(eaten() - before).toBeLessThan(100);
});

test("what is for nobody waits for no turn, and takes none of anybody else", async () => {
  const server = await service({
    relay: true,
    bounds: { carriers: { rate: slow, addressRate: everything } },
  });
  await affiliates(server.port, "c", "a", "b");
  const [a, b] = [await member(server, "c", "a"), await member(server, "c", "b")];
  for (let index = 0; index < 500; index++) a.send("nobody", packet(1, 1000));
  await until(() => expect(server.figures().relay?.dropped).toBe(500));
  a.send("b", packet(2));
  await until(() => expect(bytesOf(b)).toEqual([2]));
  expect(server.figures().relay).toMatchObject({ packets: 1, waitingBytes: 0 });
});

test("an address is slowed down to its rate, whatever rooms and names it makes up", async () => {
  const carriers = { addressRate: slow };
  const server = await service({ relay: true, bounds: { carriers } });
  const rooms = 8;
  const senders: RelayClient[] = [];
  for (let index = 0; index < rooms; index++) {
    await affiliates(server.port, `c ${index}`, "a", "b");
    senders.push(await member(server, `c ${index}`, "a", "127.0.0.2"));
    await member(server, `c ${index}`, "b", "127.0.0.2");
  }
  const since = performance.now();
  const sent = 300;
  for (const sender of senders) for (let index = 0; index < sent; index++) sender.send("b", packet(1, 1400));
  // Another address is not slowed down, and its packets come after those that could be read at once.
  await affiliates(server.port, "d", "a", "b");
  const [other, there] = [await member(server, "d", "a", "127.0.0.3"), await member(server, "d", "b")];
  for (let index = 0; index < 10; index++) other.send("b", packet(2));
  await until(() => expect(there.received).toHaveLength(10));
  const windows = rooms * 2 * 65_536;
  const allowed = slow.burst + (slow.perSecond * (performance.now() - since)) / 1000 + windows;
  expect(server.figures().relay?.bytes).toBeLessThan(allowed);
});

test("a service that stops ends all streams", async () => {
  const server = await service({ relay: true });
  await affiliates(server.port, "c", "a");
  const client = await member(server, "c", "a");
  await server.stop();
  expect(client.isEnded).toBe(true);
});

test("the method is the one of the protocol", () => {
  expect(RelayService.carry.path).toBe("/kubespan.relay.Relay/Carry");
});
