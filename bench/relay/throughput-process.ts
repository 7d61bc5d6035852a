// throughput-process.ts sink ADDRESS PORT: takes what comes over TCP, and prints a line for each connection that ended:
// the bytes, and the milliseconds from its first byte to its last. It prints "listening" when it is ready.
// throughput-process.ts source ADDRESS PORT MILLISECONDS: sends to a sink for so long.
import { once } from "node:events";
import { connect, createServer } from "node:net";

const [role = "", address = "", port = "", forMs = ""] = process.argv.slice(2);

function sink(): void {
  const server = createServer((socket) => {
    let bytes = 0;
    let [first, last] = [0, 0];
    socket.on("data", (chunk: Buffer) => {
      last = performance.now();
      first ||= last;
      bytes += chunk.length;
    });
    socket.on("error", () => undefined);
    socket.on("close", () => console.log(`received ${bytes} ${(last - first).toFixed(1)}`));
  });
  server.listen(Number(port), address, () => console.log("listening"));
}

async function source(): Promise<void> {
  const socket = connect(Number(port), address);
  await once(socket, "connect");
  const until = performance.now() + Number(forMs);
  const block = Buffer.alloc(64 * 1024, 1);
  while (performance.now() < until) if (!socket.write(block)) await once(socket, "drain");
  socket.end();
  await once(socket, "close");
}

if (role === "sink") sink();
else await source();
