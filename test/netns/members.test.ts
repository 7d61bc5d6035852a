import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  Capture,
  type ConfigOptions,
  type Discovery,
  Lab,
  type LabNode,
  type Network,
  newCluster,
  PingStream,
  publicNetwork,
  stateDirectory,
  waitFor,
} from "../../lab/index.ts";
import type { Status } from "../../src/api/status.ts";

/*
 * Whatever happens to a registry, by somebody's hand or by accident: what goes to a member does not leave in clear.
 *
 *   a 203.0.113.1    b 203.0.113.2, behind it the pod 10.244.2.2    m 203.0.113.66    service 203.0.113.9
 *     2001:db8::1      2001:db8::2                                    knows the cluster id, not the secret
 *   ===+================+===========================================+=================+=== internet
 */
let lab: Lab;
let internet: Network;
let discovery: Discovery;
let a: LabNode;
let b: LabNode;
let m: LabNode;
let host: (name: string, last: number) => Promise<LabNode>;
let options: ConfigOptions;

const behindB = { advertisedPrefixes: ["10.244.2.0/24"] };
const targets = ["203.0.113.2", "2001:db8::2", "10.244.2.2"];
/** Requests of a in clear: to b's addresses, and to its pod, which nobody on the internet knows. */
const inClear =
  "(icmp[icmptype] == icmp-echo and src host 203.0.113.1) or (icmp6 and ip6[40] == 128 and src host 2001:db8::1)";
const attacker = join(import.meta.dirname, "../../lab/registry-attacker.ts");

beforeAll(async () => {
  lab = await Lab.open();
  ({ network: internet, discovery, host } = await publicNetwork(lab));
  [a, b, m] = [await host("a", 1), await host("b", 2), await host("m", 66)];
  await b.pod(2);
  options = { cluster: newCluster(), services: [discovery.url] };
  for (const [at, node] of [a, b].entries()) await node.address("eth0", `2001:db8::${at + 1}/64`);
  // A's way to b's pod without the mesh: what is not steered is seen there.
  await a.run("ip", "route", "add", "10.244.2.0/24", "via", "203.0.113.2");
  await a.start(options);
  await b.start({ ...options, daemon: behindB });
  await bothUp();
});

afterAll(() => lab.close());

const attack = (verb: "keep" | "delete" | "replay"): Promise<string> =>
  m.run(process.execPath, attacker, verb, discovery.url, options.cluster.id, "/run/kept.json");

async function bothUp(): Promise<void> {
  await Promise.all([a.daemon.waitForPeers("b"), b.daemon.waitForPeers("a")]);
  for (const target of targets)
    await waitFor(() => a.reaches(target), { what: `an answer of ${target} through the mesh` });
}

/** The packets of a that left in clear while `act` ran, with pings to everything of b all the time. */
async function clearDuring(act: () => Promise<unknown>): Promise<string[]> {
  const capture = await Capture.start(lab, internet);
  const streams: PingStream[] = [];
  for (const target of targets) streams.push(await PingStream.start(a, target, 0.01));
  await act();
  for (const pings of streams) await pings.stop();
  await capture.stop();
  expect((await capture.lines("udp port 51820")).length).toBeGreaterThan(20);
  return capture.lines(inClear);
}

const disowned = (status: Status): number => status.registries[0]?.disowned?.times ?? 0;

describe("nothing of what goes to a member leaves in clear", () => {
  it("when somebody deletes everybody, again and again; the nodes say so, and are announced again", async () => {
    const clear = await clearDuring(async () => {
      for (let round = 1; round <= 3; round++) {
        const counts = () => Promise.all([a, b].map(async ({ daemon }) => disowned(await daemon.status())));
        const before = await counts();
        // Who is just being announced again is not there to be deleted.
        await waitFor(
          async () => {
            await attack("delete");
            return (await counts()).every((count, at) => count > (before[at] ?? 0));
          },
          { what: `that both were deleted for the ${round}th time` },
        );
      }
      for (const { daemon } of [a, b])
        await daemon.waitForStatus("the other", ({ registries }) => registries[0]?.affiliates === 1);
    });
    expect(clear).toEqual([]);
  });

  it("when somebody puts back what a node said before, also while that node's daemon is away", async () => {
    await b.daemon.stop();
    await b.start({ ...options, daemon: {} });
    await a.daemon.waitForStatus(
      "no network of b",
      ({ peers }) => peers[0]?.allowedIPs.includes("10.244.2.0/24" as never) === false,
    );
    await attack("keep");
    await b.daemon.stop();
    await b.start({ ...options, daemon: behindB });
    await bothUp();
    await b.daemon.stop();
    const clear = await clearDuring(async () => {
      await attack("replay");
      await a.daemon.waitForStatus("a refusal", ({ refusedAffiliates }) =>
        refusedAffiliates.some(({ label, reason }) => label === "b" && /older/.test(reason)),
      );
    });
    expect(clear).toEqual([]);
    await b.daemon.start();
    await bothUp();
  });

  it("when a node's daemon is away and its record is deleted, and when its link is gone too", async () => {
    await b.daemon.stop();
    const clear = await clearDuring(async () => {
      await attack("delete");
      await a.daemon.waitForStatus("that b is absent", ({ peers }) => peers[0]?.absent !== undefined);
      await b.run("ip", "link", "del", "kubespan");
      await a.daemon.waitForStatus("that b is down", ({ peers }) => peers[0]?.state === "down");
    });
    expect(clear).toEqual([]);
    await b.daemon.start();
    await bothUp();
  });

  it("when the service starts empty together with a node", async () => {
    const clear = await clearDuring(async () => {
      await discovery.stop("SIGKILL");
      await b.daemon.stop();
      await a.daemon.stop("SIGKILL");
      await discovery.start();
      await a.daemon.start();
      await a.daemon.waitForStatus(
        "a service without b",
        ({ registries, peers }) =>
          registries.length === 1 && registries[0]?.phase === "connected" && peers.length === 1,
      );
    });
    expect(clear).toEqual([]);
    await b.daemon.start();
    await bothUp();
  });
});

describe("a copy of a node, with the same identity", () => {
  it("that starts later is announced nowhere and says why; the node that was there first goes on", async () => {
    const copy = await host("copy", 3);
    await copy.run(
      "sh",
      "-c",
      "echo 0123456789abcdef0123456789abcdef >/run/machine-id && mount --bind /run/machine-id /etc/machine-id",
    );
    await copy.run("mkdir", "-p", stateDirectory);
    for (const file of ["identity.json", "machine.json", "announced.json"])
      await copy.namespace.write(`${stateDirectory}/${file}`, a.namespace.read(`${stateDirectory}/${file}`));
    await copy.start({ ...options, daemon: { node: { name: "a" } } });
    const silenced = await copy.daemon.waitForStatus(
      "that it is a copy",
      ({ registries }) => registries[0]?.disowned?.isSilenced === true,
    );
    expect(silenced.registries[0]).toMatchObject({
      error: expect.stringMatching(/was there first.*--forget-identity/) as string,
    });
    const first = await a.daemon.status();
    expect(first.registries[0]?.disowned).toMatchObject({
      isSilenced: false,
      what: expect.stringMatching(/another machine/) as string,
    });
    await copy.daemon.stop();
    await copy.run("ip", "link", "del", "kubespan");
    await bothUp();
  });
});
