import { fileURLToPath } from "node:url";
import { type Lab, type Network, waitFor } from "../../lab/index.ts";
import { Service } from "../../lab/service.ts";
import { type Cost, costOf } from "../processor-time.ts";

const relayProgram = fileURLToPath(new URL("relay-process.ts", import.meta.url));
const membersProgram = fileURLToPath(new URL("members-process.ts", import.meta.url));

/** The flags of V8 with which the daemon runs once its start is over. */
const asTheDaemon = ["--max-semi-space-size=2", "--heap-growing-percent=10", "--no-turbofan"];
/** The handshakes before the measurement, in which programs are compiled and shells are started. */
const warmUp = 10;

export interface HandshakeCosts {
  /** The first handshake of a pair, for which the relay looks among all members. */
  readonly first: Cost;
  /** One that renews a session. */
  readonly renewed: Cost;
}

/** What it costs to pass a handshake on where so many made-up pairs are connected, in processor seconds for each. */
export async function costOfHandshakes(
  lab: Lab,
  network: Network,
  pairs: number,
  handshakes: number,
): Promise<HandshakeCosts> {
  const [relay, members] = [await lab.node("relaying"), await lab.node("members")];
  await relay.attach(network, "203.0.113.20/24");
  await members.attach(network, "203.0.113.21/24");
  const argv = [process.execPath, ...asTheDaemon, relayProgram, "203.0.113.21", String(2 * pairs)];
  const passing = new Service(relay.namespace, "passing", argv);
  await passing.start();
  await waitFor(async () => (await passing.log()).includes("ready"), {
    what: "the relay",
    describe: () => passing.log(),
  });
  // Pairs from all over, because a relay compares a message with one member after the other.
  const shake = async (first: number, count: number): Promise<Cost> => {
    const before = costOf(passing.pid);
    const step = Math.floor((pairs - first) / count);
    const args = ["203.0.113.20", ...[first, count, step].map(String)];
    const sessions = Number(await members.run(process.execPath, membersProgram, ...args));
    if (sessions !== count) throw new Error(`${sessions} of ${count} handshakes were passed on`);
    const after = costOf(passing.pid);
    return { own: (after.own - before.own) / count, tools: (after.tools - before.tools) / count };
  };
  await shake(0, warmUp);
  const costs = { first: await shake(1, handshakes), renewed: await shake(1, handshakes) };
  await passing.stop();
  return costs;
}
