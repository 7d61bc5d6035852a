// members-process.ts RELAY FIRST COUNT STEP: so many made-up pairs, of which each is so many pairs behind the one before,
// begin a session by way of the relay at that address. It prints the number of sessions that came about, and ends.
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { handshakeOf, portOf } from "./made-up-pairs.ts";

const [relay = "", first = "", count = "", step = ""] = process.argv.slice(2);
const relayPort = 51_820;
/** A message that is not there by then is lost. */
const lostMs = 10_000;

async function memberAt(port: number): Promise<Socket> {
  const socket = createSocket("udp4").bind(port);
  await once(socket, "listening");
  return socket;
}

const received = (socket: Socket): Promise<boolean> =>
  Promise.race([once(socket, "message").then(() => true), delay(lostMs, false, { ref: false })]);

async function shakeHands(from: number, to: number): Promise<boolean> {
  const [here, there] = [await memberAt(portOf(from)), await memberAt(portOf(to))];
  try {
    const { initiation, response } = handshakeOf(from, to);
    const [asked, answered] = [received(there), received(here)];
    here.send(initiation, relayPort, relay);
    if (!(await asked)) return false;
    there.send(response, relayPort, relay);
    return await answered;
  } finally {
    here.close();
    there.close();
  }
}

let sessions = 0;
for (let index = 0; index < Number(count); index++) {
  const pair = Number(first) + index * Number(step);
  if (await shakeHands(2 * pair, 2 * pair + 1)) sessions++;
}
console.log(sessions);
process.exit(0); // timers of messages that arrived would keep it
