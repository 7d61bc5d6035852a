// relay-process.ts ADDRESS MEMBERS: passes handshakes on between so many made-up members at that address, as the daemon of
// a relay does. It prints "ready", and then nothing.
import { pino } from "pino";
import { endpointOf, parseAddress } from "../../src/net/index.ts";
import { Relay } from "../../src/relay/effects/index.ts";
import { Shells } from "../../src/system/index.ts";
import { portOf, publicKeyOf } from "./made-up-pairs.ts";

const [text = "", count = ""] = process.argv.slice(2);
const address = parseAddress(text);
const neighbours = Array.from({ length: Number(count) }, (_, member) => {
  const endpoint = address && endpointOf(address, portOf(member));
  if (!endpoint) throw new Error(`${text} is no address`);
  return { publicKey: Buffer.from(publicKeyOf(member)).toString("base64"), endpoint };
});
const relay = await Relay.open({
  run: new Shells().run,
  clock: Date.now,
  log: pino({ level: "warn" }),
  publicKey: Buffer.alloc(32, 1).toString("base64"),
  interfaceName: "kubespan",
  listenPort: 51_820,
  marks: { fromWireGuard: 0x20, toWireGuard: 0x40 },
  limits: { maxPairs: neighbours.length, maxBytesPerSecond: 12_500_000 },
});
await relay.follow(neighbours);
console.log("ready");
