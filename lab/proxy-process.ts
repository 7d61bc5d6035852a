// proxy-process.ts ADDRESS PORT: an HTTP proxy that connects to whatever it is asked for with CONNECT. It prints
// "listening" when it is ready.
import { createServer } from "node:http";
import { connect, type Socket } from "node:net";

const [address = "", port = ""] = process.argv.slice(2);
const server = createServer((_, response) => response.writeHead(405).end());
server.on("connect", ({ url = "" }, inside: Socket, head: Buffer) => {
  const at = url.lastIndexOf(":");
  const outside = connect(Number(url.slice(at + 1)), url.slice(0, at), () => {
    inside.write("HTTP/1.1 200 Connection established\r\n\r\n");
    outside.write(head);
    inside.pipe(outside);
    outside.pipe(inside);
  });
  for (const [one, other] of [
    [inside, outside],
    [outside, inside],
  ] as const) {
    one.on("error", () => other.destroy());
    one.on("close", () => other.destroy());
  }
});
server.listen(Number(port), address, () => console.log("listening"));
