import { createSocket } from "node:dgram";
import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { waitFor } from "../../../lab/wait.ts";
import { talosLine } from "../../../src/base/index.ts";
import { LogSink } from "../../../src/system/index.ts";

const host = "127.0.0.1";
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

/** A server that keeps what it gets, and can be away. */
class Taker {
  text = "";
  #server: Server | undefined;
  #sockets: Socket[] = [];
  port = 0;

  async open(): Promise<void> {
    this.#server = createServer((socket) => {
      this.#sockets.push(socket);
      socket.on("error", () => undefined);
      socket.on("data", (bytes) => (this.text += bytes.toString()));
    });
    this.#server.listen(this.port, host);
    await once(this.#server, "listening");
    this.port = (this.#server.address() as AddressInfo).port;
  }

  async away(): Promise<void> {
    for (const socket of this.#sockets.splice(0)) socket.destroy();
    await new Promise((resolve) => this.#server?.close(resolve));
  }
}

async function opened(): Promise<{ taker: Taker; sink: LogSink; gaps: number[] }> {
  const taker = new Taker();
  await taker.open();
  const gaps: number[] = [];
  const sink = new LogSink({ protocol: "tcp", host, port: taker.port }, (lines) => gaps.push(lines));
  ends.push(
    () => sink.close(100),
    () => taker.away(),
  );
  return { taker, sink, gaps };
}

const arrives = (taker: Taker, line: string): Promise<unknown> =>
  waitFor(async () => taker.text.includes(line), { what: line, describe: () => taker.text.slice(-500) });

test("no line is missing after an outage, in which lines were written", async () => {
  const { taker, sink, gaps } = await opened();
  sink.write("before\n");
  await arrives(taker, "before");
  sink.write("under way\n");
  await taker.away();
  for (let number = 0; number < 100; number++) sink.write(`meanwhile ${number}.\n`);
  await taker.open();
  await arrives(taker, "meanwhile 99.");
  sink.write("after\n");
  await arrives(taker, "after");
  for (const line of ["under way", ...Array.from({ length: 100 }, (_, number) => `meanwhile ${number}.`)])
    expect(taker.text).toContain(line);
  expect(gaps).toEqual([]);
});

test("what waits is bounded, and the gap is told once the destination is back", async () => {
  const { taker, sink, gaps } = await opened();
  await taker.away();
  const line = `${"x".repeat(1023)}\n`;
  for (let number = 0; number < 3000; number++) sink.write(line);
  await taker.open();
  await waitFor(async () => gaps.length > 0, { what: "the gap" });
  expect(gaps[0]).toBeGreaterThan(1900);
  expect(taker.text.length).toBeLessThanOrEqual(1024 * 1024);
});

test("a datagram is one line", async () => {
  const taker = createSocket("udp4");
  taker.bind(0, host);
  await once(taker, "listening");
  const sink = new LogSink({ protocol: "udp", host, port: taker.address().port }, () => undefined);
  ends.push(
    () => sink.close(100),
    () => taker.close(),
  );
  const heard = once(taker, "message");
  sink.write("line\n");
  expect(String((await heard)[0])).toBe("line\n");
});

test.each([
  [
    `{"level":40,"time":0,"msg":"b is down","peer":"b"}\n`,
    { msg: "b is down", "talos-level": "warn", "talos-time": "1970-01-01T00:00:00.000Z", peer: "b" },
  ],
  [`{"level":"info","time":"2026-01-01T00:00:00.000Z","msg":"x"}`, { msg: "x", "talos-level": "info" }],
])("%s is written as Talos writes it", (line, expected) => {
  const text = talosLine(line) ?? expect.fail();
  expect(text.endsWith("}\n")).toBe(true);
  expect(JSON.parse(text)).toMatchObject({ ...expected, "talos-service": "kubespan" });
});

test("what is no entry of the log is not sent", () => {
  expect(talosLine("no JSON")).toBeUndefined();
});
