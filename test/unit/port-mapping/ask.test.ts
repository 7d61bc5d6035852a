import { createSocket, type RemoteInfo } from "node:dgram";
import { once } from "node:events";
import { expect, onTestFinished, test } from "vitest";
import type { Address } from "../../../src/net/index.ts";
import { askForMapping } from "../../../src/port-mapping/effects/ask.ts";

const loopback = "127.0.0.1" as Address;

/** A router on loopback with this reaction to packets. Gives its port. */
async function router(react: (packet: Buffer) => readonly string[]): Promise<number> {
  const socket = createSocket("udp4").bind(0, "127.0.0.1");
  await once(socket, "listening");
  onTestFinished(() => void socket.close());
  socket.on("message", (packet: Buffer, from: RemoteInfo) => {
    for (const answer of react(packet)) socket.send(Buffer.from(answer, "hex"), from.port, from.address);
  });
  return socket.address().port;
}

const ask = async (port: number) =>
  askForMapping({
    gateway: loopback,
    port,
    wish: { internalPort: 51_820, externalPort: 51_820, lifetimeSeconds: 3600 },
    nonce: new Uint8Array(12).fill(7),
    signal: AbortSignal.timeout(60_000),
  });

test("a router that knows NAT-PMP alone is asked in that, and for its address; noise is ignored", async () => {
  const port = await router((packet) => {
    if (packet[0] === 2) return ["ff", "0081000100000000"];
    if (packet[1] === 1) return ["0081000000000001ca6d000100000e10", "0081000000000001ca6ca35d00000e10"];
    return ["00800000000000010102", "0080000000000001cb007101"];
  });
  expect(await ask(port)).toEqual({
    protocol: "NAT-PMP",
    answer: { kind: "mapped", port: 41_821, address: "203.0.113.1", lifetimeSeconds: 3600 },
  });
});

test("a router that is silent gives nothing, and is asked a few times only", async () => {
  let packets = 0;
  const port = await router(() => {
    packets++;
    return [];
  });
  expect(await ask(port)).toBeUndefined();
  expect(packets).toBe(8);
});
