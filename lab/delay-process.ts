// delay-process.ts ADDRESS PORT=HOST/PORT PORT=HOST/PORT MILLISECONDS: a relay between two hosts, each of which is
// reached at a port here. A packet that arrives at the port of one host is sent to that host later, from the port of
// the other. The process prints "relaying" when it is ready.
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";

const [address = "", first = "", second = "", milliseconds = ""] = process.argv.slice(2);
const delay = Number(milliseconds);

interface Side {
  readonly socket: Socket;
  readonly host: string;
  readonly port: number;
}

/** Parses `PORT=HOST/HOSTPORT`: the port here that belongs to that host. */
async function side(text: string): Promise<Side> {
  const [here = "", to = ""] = text.split("=");
  const [host = "", port = ""] = to.split("/");
  const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
  socket.bind(Number(here), address);
  await once(socket, "listening");
  return { socket, host, port: Number(port) };
}

/** Relays packets in one direction. A packet that cannot be sent is lost without a report, as on a network. */
const relay = (to: Side, from: Side): Socket =>
  to.socket.on("message", (packet) => {
    setTimeout(() => from.socket.send(packet, to.port, to.host, () => undefined), delay);
  });

const [one, two] = [await side(first), await side(second)];
relay(one, two);
relay(two, one);
console.log("relaying");
