import { createSocket } from "node:dgram";
import { once } from "node:events";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { openStunService } from "../../../src/discovery-server/effects/stun-service.ts";
import { bindingRequest, mappedEndpoint } from "../../../src/stun/index.ts";
import { clusterId, node, service, until } from "../discovery/loopback.ts";

const transaction = new Uint8Array(12).fill(7);
const request = bindingRequest(transaction);

/** A socket on loopback, and what it has received. */
async function client(type: "udp4" | "udp6" = "udp4") {
  const socket = createSocket(type);
  const received: Buffer[] = [];
  socket.on("message", (packet) => received.push(packet));
  socket.bind(0, type === "udp4" ? "127.0.0.1" : "::1");
  await once(socket, "listening");
  onTestFinished(() => void socket.close());
  return { socket, received, port: socket.address().port };
}

test("the service answers STUN at its port, and says so to its clients", async () => {
  const server = await service({ stun: true });
  const { socket, received, port } = await client();
  socket.send(request, server.port, "127.0.0.1");
  await until(() => expect(received).toHaveLength(1));
  expect(received[0] && mappedEndpoint(received[0], transaction)).toBe(`127.0.0.1:${port}`);
  const a = node("a", server.port);
  await until(() => expect(a.told().stun).toEqual({ host: "127.0.0.1", port: server.port }));
});

test("without it nothing is offered, as by any other service", async () => {
  const a = node("a", (await service()).port);
  await until(() => expect(a.state().phase).toBe("connected"));
  expect([clusterId, a.told().stun]).toEqual(["a cluster", undefined]);
});

test("one address gets so many answers, whatever it sends; what is no request gets none; all of it is counted", async () => {
  const { port } = await freePort();
  const stun = await openStunService({
    listen: { host: "127.0.0.1", port },
    bounds: { perAddress: { perSecond: 0, burst: 3 }, total: { perSecond: 0, burst: 100 } },
    log: pino({ level: "silent" }),
  });
  onTestFinished(() => stun?.close());
  const { socket, received } = await client();
  const others = [request.subarray(0, 20), new Uint8Array(44), new Uint8Array(), new Uint8Array(1400)];
  for (const packet of [...others, request, request, request, request, request])
    socket.send(packet, port, "127.0.0.1");
  await until(() => expect(stun?.figures).toEqual({ stunAnswered: 3, stunIgnored: 6 }));
  await until(() => expect(received).toHaveLength(3));
});

test("a port that is taken costs a warning, and not the service", async () => {
  const { socket, port } = await client();
  const lines: string[] = [];
  const log = pino({ level: "warn" }, { write: (line: string) => void lines.push(line) });
  const server = await service({ listen: { host: "127.0.0.1", port }, stun: true, log });
  expect(lines.join("")).toMatch(/STUN is not answered: UDP at 127\.0\.0\.1:\d+ cannot be had.*--no-stun/);
  const a = node("a", server.port);
  await until(() => expect(a.state().phase).toBe("connected"));
  expect(a.told().stun).toBeUndefined();
  expect(socket.address().port).toBe(server.port);
});

async function freePort(): Promise<{ readonly port: number }> {
  const socket = createSocket("udp4").bind(0, "127.0.0.1");
  await once(socket, "listening");
  const { port } = socket.address();
  const closed = once(socket, "close");
  socket.close();
  await closed;
  return { port };
}
