import { afterAll, beforeAll, expect, it } from "vitest";
import { Discovery, Lab, type LabNode, newCluster, waitFor } from "../../lab/index.ts";

/*
 *   p 203.0.113.10   discovery 203.0.113.9
 *      |                |
 *   ===+================+=== internet ===+===
 *                                        |
 *                           NAT 203.0.113.1, forgets UDP after 10 s
 *                                        |
 *                              a 192.168.1.11
 */
let lab: Lab;
let p: LabNode;
let a: LabNode;

beforeAll(async () => {
  lab = await Lab.open();
  const internet = await lab.network("internet");
  const inside = await lab.network("inside");
  const router = await lab.router("nat");
  await router.attach(internet, "203.0.113.1/24");
  await router.attach(inside, "192.168.1.1/24");
  await router.translate();
  await router.namespace.sysctl(
    "net.netfilter.nf_conntrack_udp_timeout=10",
    "net.netfilter.nf_conntrack_udp_timeout_stream=10",
  );
  const service = await lab.node("discovery");
  await service.attach(internet, "203.0.113.9/24");
  const discovery = new Discovery(service, "203.0.113.9");
  await discovery.start();
  p = await lab.node("p");
  await p.attach(internet, "203.0.113.10/24");
  a = await lab.node("a");
  await a.attach(inside, "192.168.1.11/24");
  await a.defaultRoute("192.168.1.1");
  const options = { cluster: newCluster(), services: [discovery.url] };
  for (const node of [p, a]) await node.start(options);
  await p.daemon.waitForPeers("a");
  await a.daemon.waitForPeers("p");
});

afterAll(() => lab.close());

/** The last word of the only line, about the only peer. */
const shown = async (what: string, word: number): Promise<number> =>
  Number((await p.run("wg", "show", "kubespan", what)).trim().split(/\s+/)[word]);

/** Waits until nothing has come from a for longer than the NAT remembers. */
async function pause(): Promise<void> {
  let [bytes, since] = [0, 0];
  await waitFor(
    async () => {
      const now = await shown("transfer", 1);
      if (now !== bytes) [bytes, since] = [now, performance.now()];
      return performance.now() - since > 11_500;
    },
    { what: "a pause in which nothing comes from a", pollMs: 200 },
  );
}

it("keepalives come more often once a path was seen to be forgotten, and then no first ping is lost", async () => {
  const { address } = (await a.daemon.status()).node;
  expect(await shown("persistent-keepalive", 1)).toBe(25);
  await waitFor(
    async () => {
      await pause();
      await p.namespace.attempt("ping", "-n", "-c", "7", "-i", "1", "-W", "1", address);
      return (await shown("persistent-keepalive", 1)) < 10;
    },
    { what: "shorter keepalives", seconds: 400, describe: () => p.daemon.log() },
  );
  for (let times = 0; times < 4; times++) {
    await pause();
    expect(await p.ping(address, 1)).toEqual({ sent: 1, received: 1 });
  }
  await p.daemon.waitForPeers("a");
  expect(await p.daemon.log()).not.toContain("a is down");
});
