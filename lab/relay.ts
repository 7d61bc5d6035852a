// relay FROM TO - passes connections on; each is a path of a Unix socket or ADDRESS:PORT. Unix sockets lead from a
// network namespace to the host's loopback.
import { connect, createServer, type Socket } from "node:net";

const target = (text: string): { path: string } | { host: string; port: number } => {
  if (text.startsWith("/")) return { path: text };
  const [host = "", port = ""] = text.split(":");
  return { host, port: Number(port) };
};

const [, , from = "", to = ""] = process.argv;
createServer((inside: Socket) => {
  const outside = connect(target(to));
  for (const [left, right] of [
    [inside, outside],
    [outside, inside],
  ] as const) {
    left.on("error", () => right.destroy()).on("close", () => right.destroy());
    left.pipe(right);
  }
}).listen(target(from));
