// delay-process.ts ADDRESS PORT=HOST/PORT PORT=HOST/PORT MILLISECONDS - a relay between two hosts, each of which is reached
// at a port here: what comes in there goes to it, so much later, from the other's port. Says "relaying" when it does.
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";

const [address = "", first = "", second = "", milliseconds = ""] = process.argv.slice(2);
const delay = Number(milliseconds);

interface Side {
  readonly socket: Socket;
  readonly host: string;
  readonly port: number;
}

/** `PORT=HOST/HOSTPORT`: the port here that belongs to that host. */
async function side(text: string): Promise<Side> {
  const [here = "", to = ""] = text.split("=");
  const [host = "", port = ""] = to.split("/");
  const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
  socket.bind(Number(here), address);
  await once(socket, "listening");
  return { socket, host, port: Number(port) };
}

/** What cannot be sent is lost: nobody is told. */
const relay = (to: Side, from: Side): Socket =>
  to.socket.on("message", (packet) => {
    setTimeout(() => from.socket.send(packet, to.port, to.host, () => undefined), delay);
  });

const [one, two] = [await side(first), await side(second)];
relay(one, two);
relay(two, one);
console.log("relaying");
