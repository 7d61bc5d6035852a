import { status } from "@grpc/grpc-js";
import { expect, onTestFinished, test } from "vitest";
import { environmentProxies } from "../../../src/config/proxy.ts";
import type { CarryRequest } from "../../../src/discovery/wire/index.ts";
import { Carriage, type Line, type Packet } from "../../../src/stream/index.ts";
import { certificatesFor } from "./certificates.ts";
import { ConnectProxy } from "./connect-proxy.ts";
import { fakeService, idsOf, node, plainService, service, until } from "./loopback.ts";
import { idOf } from "./samples.ts";

/** A carriage that notes what it is brought. */
function noting(): { readonly carriage: Carriage; readonly packets: (Packet & { readonly line: Line })[] } {
  const carriage = new Carriage();
  const packets: (Packet & { readonly line: Line })[] = [];
  carriage.listen({
    onLines: () => undefined,
    onPacket: (packet, line) => {
      packets.push({ ...packet, line });
      carriage.heard(packet, line, performance.now());
    },
  });
  onTestFinished(() => carriage.listen(undefined));
  return { carriage, packets };
}

const isOpen = ({ carriage }: ReturnType<typeof noting>): Promise<void> =>
  until(() => expect(carriage.services).toHaveLength(1));

const packet = (byte: number): Uint8Array => new Uint8Array(100).fill(byte);
const seen = (packets: readonly Packet[]): unknown[] =>
  packets.map(({ peer, data }) => [peer, data[0], data.length]);

test("two nodes send each other packets over the service; TLS and an HTTP proxy change nothing", async () => {
  const { tls, caFile } = certificatesFor("DNS:service.test");
  const proxy = await ConnectProxy.open("me:secret");
  const { port } = await service({ tls, relay: true });
  const { proxies } = environmentProxies({ https_proxy: proxy.url("me:secret") });
  const at = { ...plainService(port), host: "service.test", tls: true, caFile, proxies };
  const [a, b] = [noting(), noting()];
  node("a", at, { carriage: a.carriage });
  node("b", at, { carriage: b.carriage });
  await Promise.all([isOpen(a), isOpen(b)]);
  a.carriage.send({ peer: idOf("b"), data: packet(1) }, 0);
  await until(() => expect(seen(b.packets)).toEqual([[idOf("a"), 1, 100]]));
  b.carriage.send({ peer: idOf("a"), data: packet(2) }, 0);
  await until(() => expect(seen(a.packets)).toEqual([[idOf("b"), 2, 100]]));
  expect(new Set(proxy.asked)).toEqual(new Set([`service.test:${port}`]));
});

/** A service that knows nobody, and answers with this status who asks for a stream. Counts how often it is asked. */
async function refusing(code: status): Promise<{ readonly port: number; asked: number }> {
  const counted = { port: 0, asked: 0 };
  counted.port = await fakeService(
    {
      hello: (_, done) => done(null, { clientIp: Buffer.alloc(0) }),
      affiliateUpdate: (_, done) => done(null, {}),
      watch: (call) => void call.write({ affiliates: [], deleted: false }),
    },
    undefined,
    {
      carry: (call) => {
        counted.asked++;
        call.emit("error", { code, details: "no" });
      },
    },
  );
  return counted;
}

test("a service that carries nothing is asked once in a session, which goes on without", async () => {
  const [none, busy] = [await refusing(status.UNIMPLEMENTED), await refusing(status.UNAVAILABLE)];
  const { carriage } = noting();
  const session = node("a", none.port, { carriage });
  node("b", busy.port, { carriage });
  await until(() => expect(none.asked).toBe(1));
  await until(() => expect(busy.asked).toBe(4));
  expect([none.asked, carriage.services, session.state().phase]).toEqual([1, [], "connected"]);
});

test("a stream that breaks is opened again, and a node without an affiliate of its own waits", async () => {
  const { port } = await service({ relay: true });
  const [a, b] = [noting(), noting()];
  const first = node("a", port, { carriage: a.carriage });
  node("b", port, { carriage: b.carriage, publishes: false });
  await isOpen(a);
  await until(() => expect(idsOf(first)).toEqual([]));
  expect(b.carriage.services).toEqual([]);
  await first.stop();
  expect(a.carriage.services).toEqual([]);
  first.start(() => undefined);
  await isOpen(a);
});

test("packets of one moment make one message", async () => {
  const counts: number[] = [];
  const port = await fakeService(
    {
      hello: (_, done) => done(null, { clientIp: Buffer.alloc(0) }),
      affiliateUpdate: (_, done) => done(null, {}),
      watch: (call) => void call.write({ affiliates: [], deleted: false }),
    },
    undefined,
    {
      carry: (call) => {
        call.on("data", ({ opening, packets }: CarryRequest) => {
          if (opening) call.write({ packets: [] });
          else counts.push(packets.length);
        });
      },
    },
  );
  const a = noting();
  node("a", port, { carriage: a.carriage });
  await isOpen(a);
  for (let index = 0; index < 30; index++)
    a.carriage.send({ peer: idOf("b"), data: packet(index) }, performance.now());
  await until(() => expect(counts).toEqual([30]));
});
