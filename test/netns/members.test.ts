import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  AffiliateWatch,
  type ConfigOptions,
  type Discovery,
  HostileMember,
  Lab,
  type LabNode,
  type Network,
  newCluster,
  publicNetwork,
  stateDirectory,
  waitFor,
} from "../../lab/index.ts";
import type { Status } from "../../src/api/status.ts";
import { clearDuring } from "./in-clear.ts";

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

const clear = (act: () => Promise<unknown>): Promise<string[]> =>
  clearDuring(
    lab,
    internet,
    targets.map((target) => [a, target]),
    act,
  );

/** With what is dropped from the mesh there, the packets tell that it failed, and not a wait that nothing ends. */
const isUnnamed = ({ peers }: Status): boolean => peers[0] === undefined || peers[0].absent !== undefined;

const disowned = (status: Status): number => status.registries[0]?.disowned?.times ?? 0;

describe("nothing of what goes to a member leaves in clear", () => {
  it("when somebody deletes everybody, again and again; the nodes say so, and are announced again", async () => {
    const seen = await clear(async () => {
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
    expect(seen).toEqual([]);
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
    const seen = await clear(async () => {
      await attack("replay");
      await a.daemon.waitForStatus(
        "a refusal, or the network gone",
        ({ peers, refusedAffiliates }) =>
          refusedAffiliates.some(({ label }) => label === "b") ||
          peers[0]?.allowedIPs.includes("10.244.2.0/24" as never) !== true,
      );
    });
    expect(seen).toEqual([]);
    expect((await a.daemon.status()).refusedAffiliates).toContainEqual(
      expect.objectContaining({ label: "b", reason: expect.stringMatching(/older/) as string }),
    );
    await b.daemon.start();
    await bothUp();
  });

  it("when a node's daemon is away and its record is deleted, and when its link is gone too", async () => {
    await b.daemon.stop();
    const seen = await clear(async () => {
      await attack("delete");
      await a.daemon.waitForStatus("that b is absent, or gone", isUnnamed);
      await b.run("ip", "link", "del", "kubespan");
      await a.daemon.waitForStatus("that b is down, or gone", ({ peers }) => peers[0]?.state !== "up");
    });
    expect(seen).toEqual([]);
    expect((await a.daemon.status()).peers).toMatchObject([{ label: "b", state: "down", absent: {} }]);
    await b.daemon.start();
    await bothUp();
  });

  it("when the service starts empty together with a node", async () => {
    const seen = await clear(async () => {
      await discovery.stop("SIGKILL");
      await b.daemon.stop();
      await a.daemon.stop("SIGKILL");
      await discovery.start();
      await a.daemon.start();
      await a.daemon.waitForStatus(
        "a service without b",
        (status) =>
          status.registries.length === 1 && status.registries[0]?.phase === "connected" && isUnnamed(status),
      );
    });
    expect(seen).toEqual([]);
    expect((await a.daemon.status()).peers).toHaveLength(1);
    await b.daemon.start();
    await bothUp();
  });
});

/** Farewells that a took in, obeyed or not. */
const decided = async (): Promise<number> =>
  (await a.daemon.log()).match(/farewell that is not proved|it left the mesh/g)?.length ?? 0;

describe("a farewell that a member did not say", () => {
  it("is not believed of whoever has the cluster's secret, while that member's daemon is away", async () => {
    const { nodeId } = (await b.daemon.status()).node;
    const { publicKey } = (await a.daemon.status()).node;
    await b.daemon.stop();
    const former = new HostileMember(m, discovery.url, "former");
    const seen = await clear(async () => {
      await former.sayFarewell(options.cluster, { nodeId, number: Date.now(), recipient: publicKey });
      await a.daemon.waitForStatus("that b is absent, or gone", isUnnamed);
    });
    expect(seen).toEqual([]);
    await former.stop();
    await b.daemon.start();
    await bothUp();
  });

  it("is not believed of whoever sends through its tunnel: a local user there, or a pod", async () => {
    const { nodeId } = (await b.daemon.status()).node;
    const { address } = (await a.daemon.status()).node;
    const proof = Buffer.alloc(16, 7).toString("base64");
    const notice = JSON.stringify({ notice: "farewell", nodeId, number: Date.now() + 60_000, proof });
    const before = await decided();
    const seen = await clear(async () => {
      await b.run("bash", "-c", `printf %s '${notice}' >/dev/udp/${address}/51822`);
      await waitFor(async () => (await decided()) > before, {
        what: "a farewell",
        describe: () => a.daemon.log(),
      });
    });
    expect(seen).toEqual([]);
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
    const watch = new AffiliateWatch(m, discovery.url, options.cluster);
    await watch.watch("a", "b");
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
    // What it would say next is not said either; what the other one says after that is heard.
    await copy.address("eth0", "203.0.113.33/24");
    await copy.daemon.waitForStatus("its other address", ({ node }) =>
      node.announcedAddresses.includes("203.0.113.33" as never),
    );
    const since = Date.now();
    await a.address("eth0", "203.0.113.11/24");
    await watch.toldOf("a", since, ({ addresses }) => addresses.includes("203.0.113.11" as never));
    expect(await watch.wasTold(({ addresses }) => addresses.includes("203.0.113.33" as never))).toBe(false);
    await watch.stop();
    await copy.daemon.stop();
    await copy.run("ip", "link", "del", "kubespan");
    await bothUp();
  });
});
