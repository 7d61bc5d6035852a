import { connect } from "node:net";
import type { Address } from "../../net/index.ts";

/**
 * Makes a TCP connection and ends it at once; gives the milliseconds until it was made. Throws the system's error if it is
 * not made, or is not made in time.
 */
export function connectTime(host: Address, port: number, withinMs: number): Promise<number> {
  const begin = performance.now();
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: withinMs });
    socket.once("connect", () => {
      resolve(performance.now() - begin);
      socket.destroy();
    });
    socket.once("timeout", () => socket.destroy(new Error(`no connection within ${withinMs} ms`)));
    socket.once("error", reject);
  });
}
