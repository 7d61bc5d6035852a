import { once } from "node:events";
import { readFileSync } from "node:fs";
import { constants } from "node:http2";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { status } from "@grpc/grpc-js";
import { execa } from "execa";
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { idsOf, node, until } from "../discovery/loopback.ts";
import { affiliateNamed, idOf } from "../discovery/samples.ts";
import { Attacker, framed, from, largeUpdate, ofCluster, paths } from "./attacker.ts";

/*
 * `kubespan discovery serve` with the bounds that it has by default, one client that stays within all of them, and honest
 * nodes from other addresses. What counts is that those are served, and what the process takes; never how fast.
 */
const main = join(import.meta.dirname, "../../../src/main.ts");
/** Another one for each test, so that none of them runs into what the one before has used up. */
let attackerFrom = "";
let attacks = 0;
/** Of the process; before these bounds it was 1.3 GB with most of these attacks. */
const mostMiB = 512;

const launch = () =>
  execa(process.execPath, [main, "discovery", "serve", "--insecure", "--listen", "127.0.0.1:0"], {
    reject: false,
    stdin: "ignore",
  });
let child: ReturnType<typeof launch>;
let port = 0;
let rounds = 0;

beforeAll(async () => {
  child = launch();
  let text = "";
  child.stderr.on("data", (chunk: Buffer) => {
    text += chunk.toString();
  });
  port = await until(() => {
    const found = /listening.*127\.0\.0\.1:(\d+)/.exec(text)?.[1];
    if (found === undefined) throw new Error(`not listening: ${text}`);
    return Number(found);
  });
});
afterAll(async () => {
  child.kill("SIGKILL");
  await child;
});

beforeEach(() => {
  attackerFrom = `127.0.1.${++attacks}`;
  onTestFinished(() => expect(residentMiB()).toBeLessThan(mostMiB));
});

const residentMiB = (): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid ?? 0}/status`, "utf8"))?.[1]) / 1024;

/** Nodes from other addresses come, say something, hear of each other, and say something new. */
async function honestAreServed(): Promise<void> {
  const names = ["a", "b", "c"].map((name) => `${name}${++rounds}`);
  const ports = await Promise.all(names.map((_, index) => from(`127.0.0.${10 + index}`, port)));
  const nodes = names.map((name, index) => node(name, ports[index] ?? port));
  const [first, second] = nodes;
  for (const each of nodes)
    await until(() => expect(idsOf(each).filter((id) => names.includes(id))).toHaveLength(2));
  first?.publish({ own: affiliateNamed(names[0] ?? "", "198.51.100.9:51820"), observed: new Map() });
  await until(() =>
    expect(
      second?.told().affiliates.find(({ nodeId }) => nodeId === idOf(names[0] ?? ""))?.kubespan?.endpoints,
    ).toContain("198.51.100.9:51820"),
  );
  await Promise.all(nodes.map((each) => each.withdraw()));
}

const attackers = (count: number, window?: number): Promise<Attacker[]> =>
  Promise.all(Array.from({ length: count }, () => Attacker.connect(port, attackerFrom, window)));

/** Asks again and again until the honest nodes have been served. */
async function during(attack: () => Promise<unknown>): Promise<void> {
  const over = new AbortController();
  const attacking = (async () => {
    while (!over.signal.aborted) await attack();
  })();
  try {
    await honestAreServed();
  } finally {
    over.abort();
    await attacking;
  }
}

describe("a client within all limits that", () => {
  test("asks for the largest cluster there can be, again and again, takes nobody's turn", async () => {
    const writers = await attackers(20);
    await Promise.all(
      writers.flatMap((writer, first) =>
        Array.from({ length: 52 }, (_, index) => 20 * index + first)
          .filter((index) => index < 1024)
          .map((index) => writer.ask(paths.update, largeUpdate("large", `${index}`))),
      ),
    );
    const [one] = writers;
    const whole = await one?.ask(paths.list, ofCluster("large"));
    expect(whole).toMatchObject({ status: status.OK });
    expect(whole?.bytes).toBeGreaterThan(4e6);
    const readers = await attackers(4);
    // Sixteen times a second each, whether or not there was an answer.
    await during(() => {
      for (const each of readers)
        for (let index = 0; index < 4; index++) void each.ask(paths.list, ofCluster("large"));
      return delay(250);
    });
    for (const each of [...writers, ...readers]) each.session.destroy();
  });

  test("reads none of its answers is not kept in memory", async () => {
    const silent = await attackers(16, 0);
    for (const each of silent)
      for (let index = 0; index < 60; index++)
        each.open(index % 2 ? paths.list : paths.watch, ofCluster("large"));
    await honestAreServed();
    expect(residentMiB()).toBeLessThan(mostMiB);
    for (const each of silent) each.session.destroy();
  });

  test("opens requests and says nothing is waited for, but not at the cost of others", async () => {
    const idle = await attackers(60);
    for (const each of idle) for (let index = 0; index < 64; index++) each.open(paths.update);
    await honestAreServed();
    for (const each of idle) each.session.destroy();
  });

  test("watches as often as it can leaves room for others", async () => {
    const greedy = await attackers(80);
    for (const each of greedy)
      for (let index = 0; index < 60; index++) each.open(paths.watch, ofCluster(`cluster ${index}`));
    await honestAreServed();
    for (const each of greedy) each.session.destroy();
  });

  test("sends what becomes a thousand times as large is refused each time", async () => {
    const [bomber] = await attackers(1);
    const bomb = framed(gzipSync(Buffer.alloc(48 * 1024 * 1024)), 1);
    const send = () =>
      new Promise<void>((resolve) => {
        if (!bomber || bomber.isCut) return resolve();
        const stream = bomber.session.request({
          ":method": "POST",
          ":path": paths.update,
          "content-type": "application/grpc",
          "grpc-encoding": "gzip",
        });
        stream.on("error", () => undefined);
        stream.on("response", (headers) => {
          expect(headers["grpc-status"]).not.toBe("0");
        });
        stream.on("close", resolve);
        stream.resume();
        stream.end(bomb);
      });
    await during(() => Promise.all(Array.from({ length: 16 }, send)));
  });
});

/** HTTP/2 frames as no library makes them. */
const frame = (type: number, flags: number, stream: number, body: Buffer = Buffer.alloc(0)): Buffer => {
  const head = Buffer.alloc(9);
  head.writeUIntBE(body.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, body]);
};
const [data, headersFrame, settings, ping, continuation] = [0, 1, 4, 6, 9] as const;
const endHeaders = 4;
const text = (value: string): Buffer => Buffer.concat([Buffer.from([value.length]), Buffer.from(value)]);
/** `:method: POST`, `:scheme: http`, `:path`, `content-type`. */
const requestHeaders = Buffer.concat([
  Buffer.from([0x83, 0x86, 0x04]),
  text(paths.update),
  Buffer.from([0x0f, 0x10]),
  text("application/grpc"),
]);
/** A field of 4,000 bytes that enters the table, and a thousand times the one byte that means it. */
const expanding = Buffer.concat([
  Buffer.from([0x40]),
  text("x"),
  Buffer.from([0x7f, 0xa1, 0x1e]),
  Buffer.alloc(4000, "y"),
  Buffer.alloc(12_000, 0xbe),
]);

async function rawSocket(): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1", localAddress: attackerFrom });
  socket.on("error", () => undefined);
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  socket.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  socket.write(frame(settings, 0, 0));
  return socket;
}

/** Sends so much of it, at the pace at which it is taken, or until the service has had enough. */
async function flood(socket: Socket, bytes: Buffer, times: number): Promise<void> {
  for (let index = 0; index < times && !socket.destroyed; index++) {
    if (socket.write(bytes)) continue;
    await Promise.race([once(socket, "drain"), once(socket, "close")]).catch(() => undefined);
  }
}

const repeated = (bytes: Buffer, times: number): Buffer =>
  Buffer.concat(Array.from({ length: times }, () => bytes));

describe("a flood of", () => {
  test("streams that are reset at once ends the connection", async () => {
    const attacker = await Attacker.connect(port, attackerFrom);
    for (let index = 0; index < 20_000; index++) {
      attacker.open(paths.update)?.close(constants.NGHTTP2_CANCEL);
      if (index % 50 === 0) await new Promise(setImmediate);
    }
    await until(() => expect(attacker.isCut).toBe(true));
    await honestAreServed();
  });

  test("headers that never end ends the connection", async () => {
    const socket = await rawSocket();
    socket.write(frame(headersFrame, 0, 1, requestHeaders));
    const more = frame(continuation, 0, 1, Buffer.concat([Buffer.from([0x00]), text("x"), text("y")]));
    await flood(socket, repeated(more, 1000), 2000);
    await until(() => expect(socket.destroyed).toBe(true));
    await honestAreServed();
  });

  test("headers that become a thousand times as large ends the connection or the stream", async () => {
    const socket = await rawSocket();
    socket.resume();
    for (let stream = 1; stream < 2000 && !socket.destroyed; stream += 2)
      await flood(
        socket,
        frame(headersFrame, endHeaders, stream, Buffer.concat([requestHeaders, expanding])),
        1,
      );
    await honestAreServed();
    expect(residentMiB()).toBeLessThan(mostMiB);
  });

  test.each([
    ["pings", frame(ping, 0, 0, Buffer.alloc(8)), "read"],
    ["pings whose answers nobody reads", frame(ping, 0, 0, Buffer.alloc(8)), "unread"],
    ["settings", frame(settings, 0, 0, Buffer.from("000400010000", "hex")), "read"],
    [
      "settings whose answers nobody reads",
      frame(settings, 0, 0, Buffer.from("000400010000", "hex")),
      "unread",
    ],
    ["frames without data", frame(data, 0, 1), "read"],
  ])("%s costs others nothing", async (_, bytes, reading) => {
    const socket = await rawSocket();
    if (reading === "read") socket.resume();
    socket.write(frame(headersFrame, endHeaders, 1, requestHeaders));
    const chunk = repeated(bytes, 2000);
    const flooding = Promise.race([
      flood(socket, chunk, 100),
      until(() => expect(socket.writableNeedDrain || socket.destroyed).toBe(true)),
    ]);
    await honestAreServed();
    await flooding;
    await honestAreServed();
  });
});
