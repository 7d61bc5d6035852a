import { createSocket, type Socket } from "node:dgram";
import { expect, test } from "vitest";
import { bindBeside, bindTo } from "../../../src/system/index.ts";

const loopback = "127.0.0.1";
const open = (): Socket => createSocket("udp4");

/** A port that is free. */
async function freePort(): Promise<number> {
  const socket = await bindTo({ port: 0, address: loopback }, open);
  const { port } = socket.address();
  socket.close();
  return port;
}

test("a socket is never at the port to keep, though the kernel chooses that first, and holds it no longer", async () => {
  const kept = await freePort();
  const choices = [kept, 0];
  /** A socket for which the kernel chooses as it is told here. */
  const choosing = (): Socket => {
    const socket = open();
    const bind = socket.bind.bind(socket) as (at: object, then: () => void) => Socket;
    const at = { port: choices.shift() ?? 0, address: loopback };
    return Object.assign(socket, { bind: (_at: object, then: () => void) => bind(at, then) });
  };
  const socket = await bindBeside(kept, choosing, loopback);
  expect(choices).toEqual([]);
  expect(socket.address().port).not.toBe(kept);
  const other = await bindTo({ port: kept, address: loopback }, open);
  socket.close();
  other.close();
});

test("a port that is taken is an error, and no socket stays open", async () => {
  const taken = await bindTo({ port: 0, address: loopback }, open);
  const made: Socket[] = [];
  const noted = (): Socket => {
    const socket = open();
    made.push(socket);
    return socket;
  };
  const at = { port: taken.address().port, address: loopback };
  await expect(bindTo(at, noted)).rejects.toThrow(/EADDRINUSE/);
  expect(() => made[0]?.address()).toThrow(/Not running/);
  taken.close();
});
