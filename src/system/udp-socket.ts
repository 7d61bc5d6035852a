import type { Socket } from "node:dgram";

/** A place to bind a socket to; at port 0 the kernel chooses one. */
interface At {
  readonly port: number;
  readonly address?: string;
}

/** Binds a socket. Rejects if the port cannot be had, and leaves no socket open then. */
export async function bindTo(at: At, open: () => Socket): Promise<Socket> {
  const socket = open();
  const opened = Promise.withResolvers<void>();
  socket.once("error", opened.reject);
  socket.bind(at, opened.resolve);
  try {
    await opened.promise;
  } catch (error) {
    socket.close();
    throw error;
  }
  socket.off("error", opened.reject);
  return socket;
}

/**
 * Binds a socket to a port that the kernel chooses, and that is not `kept`. WireGuard's usual port is among those from
 * which the kernel chooses: a socket that got it would keep WireGuard from its port for as long as the daemon runs.
 */
export async function bindBeside(kept: number, open: () => Socket, address?: string): Promise<Socket> {
  const socket = await bindTo({ port: 0, ...(address !== undefined && { address }) }, open);
  if (socket.address().port !== kept) return socket;
  try {
    return await bindBeside(kept, open, address); // another one, as this one is still taken
  } finally {
    socket.close();
  }
}
