import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type ConfigOptions,
  Discovery,
  Lab,
  type LabNode,
  type Network,
  newCluster,
  publicNetwork,
  waitFor,
} from "../../lab/index.ts";
import type { Status } from "../../src/api/status.ts";
import { parseSnapshot, snapshotText } from "../../src/discovery-server/snapshot.ts";
import { clearDuring } from "./in-clear.ts";

/*
 * A discovery service that does not name a member, or does not name it any more, or now and then: what goes to that member
 * does not leave in clear, and neither does what it sends.
 *
 *   a 203.0.113.1    b 203.0.113.2, behind it the pod 10.244.2.2    c 203.0.113.3    old 203.0.113.9    new 203.0.113.10
 *     2001:db8::1      2001:db8::2                                    2001:db8::3
 *   ===+================+==============================================+================+==================+=== internet
 */
let lab: Lab;
let internet: Network;
let [a, b, c, hub, stranger]: LabNode[] = [];
let [old, next]: Discovery[] = [];
let options: ConfigOptions;
const there = <Value>(found: Value | undefined): Value => found ?? expect.fail("the lab is not there");
const nodes = (): LabNode[] => [a, b, c].map(there);
const snapshot = "/run/snapshot";

const behind = (node: LabNode) => (node === b ? { advertisedPrefixes: ["10.244.2.0/24"] } : {});
const addressesOf = (node: LabNode): string[] => {
  const last = nodes().indexOf(node) + 1;
  return [`203.0.113.${last}`, `2001:db8::${last}`, ...(node === b ? ["10.244.2.2"] : [])];
};
/** From everyone to b, and from b to everyone. */
const pairs = (): [LabNode, string][] =>
  nodes().flatMap((from) => {
    const others = nodes().filter((to) => to !== from && (to === b || from === b));
    return others.flatMap((to) => addressesOf(to).map((address): [LabNode, string] => [from, address]));
  });

beforeAll(async () => {
  lab = await Lab.open();
  const { network, hub: way, discovery, host } = await publicNetwork(lab);
  [internet, hub, stranger] = [network, way, await host("stranger", 66)];
  await discovery.stop();
  old = new Discovery(hub, "203.0.113.9", { snapshot });
  next = new Discovery(await host("next", 10), "203.0.113.10");
  for (const service of [old, next]) await service.start();
  [a, b, c] = [await host("a", 1), await host("b", 2), await host("c", 3)];
  await b.pod(2);
  options = { cluster: newCluster(), services: [old.url] };
  for (const node of nodes()) {
    const [, address6 = ""] = addressesOf(node);
    await node.address("eth0", `${address6}/64`);
    // The way to b's pod without the mesh: what is not steered is seen there.
    if (node !== b) await node.run("ip", "route", "add", "10.244.2.0/24", "via", "203.0.113.2");
    await node.start({ ...options, daemon: behind(node) });
  }
  await allUp();
});

afterAll(() => lab.close());

async function allUp(): Promise<void> {
  for (const { name, daemon } of nodes())
    await daemon.waitForStatus(
      "that everybody is named and up",
      ({ peers }) =>
        peers.length === 2 &&
        peers.every(({ label, state, absent }) => label !== name && state === "up" && !absent),
    );
  for (const [from, target] of pairs())
    await waitFor(() => from.reaches(target), { what: `an answer of ${target} to ${from.name}` });
}

const clear = (act: Parameters<typeof clearDuring>[3]): Promise<string[]> =>
  clearDuring(lab, internet, pairs(), act);

/** Who is absent there, or even gone: then it is the packets that tell. */
const unnamedOn = ({ node, peers }: Status): string => {
  const named = peers.flatMap(({ label, absent }) => (absent ? [] : [label]));
  return nodes()
    .flatMap(({ name }) => (name === node.hostname || named.includes(name) ? [] : [name]))
    .join();
};

const reload = (node: LabNode): Promise<void> => Promise.resolve(node.daemon.signal("SIGHUP"));
const restart = async ({ daemon }: LabNode): Promise<void> => {
  await daemon.stop();
  await daemon.start();
};

describe("nodes that move one by one to another service, which knows nobody", () => {
  it.each([
    ["when their configuration is read again", reload],
    ["when their daemons start anew", restart],
  ])("%s: nothing leaves in clear, also until the last has followed", async (_how, follow) => {
    const url = there(options.services[0] === there(old).url ? next : old).url;
    const seen = await clear(async (streams) => {
      for (const [at, node] of nodes().entries()) {
        await node.daemon.configure({ ...options, services: [url], daemon: behind(node) });
        await follow(node);
        const behindIt = nodes().slice(at + 1);
        await node.daemon.waitForStatus(
          "that who has not followed is absent there",
          (status) =>
            status.registries.length === 1 &&
            status.registries[0]?.phase === "connected" &&
            url.startsWith(status.registries[0].location) &&
            unnamedOn(status) === behindIt.map(({ name }) => name).join(),
        );
        for (const stream of streams) await stream.moreAnswers(20);
      }
      await allUp();
    });
    options = { ...options, services: [url] };
    expect(seen).toEqual([]);
  });
});

describe("nodes that get another cluster secret one by one", () => {
  it.each([
    ["when their configuration is read again", reload],
    ["when their daemons start anew", restart],
  ])("%s: nothing leaves in clear, also until the last has it", async (_how, follow) => {
    const cluster = { ...options.cluster, secret: newCluster().secret };
    const seen = await clear(async (streams) => {
      for (const [at, node] of nodes().entries()) {
        await node.daemon.configure({ ...options, cluster, daemon: behind(node) });
        await follow(node);
        const others = nodes().slice(at + 1);
        await node.daemon.waitForStatus(
          "that who has the former secret is absent there",
          (status) =>
            status.registries[0]?.phase === "connected" &&
            unnamedOn(status) === others.map(({ name }) => name).join(),
        );
        for (const stream of streams) await stream.moreAnswers(20);
      }
      await allUp();
    });
    options = { ...options, cluster };
    expect(seen).toEqual([]);
  });
});

/** The service starts anew with what it knows, but of this node's only for so many milliseconds. */
async function shortenLife(nodeId: string, leftMs: number): Promise<void> {
  await there(old).stop();
  const { namespace } = there(hub);
  const kept = parseSnapshot(namespace.read(snapshot), Date.now());
  if ("refused" in kept) expect.fail(kept.refused);
  const shortened = kept.records.map(({ clusterId, record }) => ({
    clusterId,
    record: record.id === nodeId ? { ...record, leftMs } : record,
  }));
  expect(shortened).not.toEqual(kept.records);
  await namespace.write(snapshot, snapshotText(shortened, Date.now()));
  await there(old).start();
}

describe("a node whose daemon is away for longer than the service keeps what it said", () => {
  it.each([
    ["its tunnels go on", false],
    ["its link is gone as well", true],
  ])("%s: nothing leaves in clear, nor once it is back", async (_what, isCut) => {
    const { daemon } = there(b);
    const { nodeId } = (await daemon.status()).node;
    const others = nodes().filter((node) => node !== b);
    const seen = await clear(async (streams) => {
      await daemon.stop();
      if (isCut) await there(b).run("ip", "link", "del", "kubespan");
      // Long enough for the others to be there when it ends: what they do not find at once, they keep for 90 s.
      await shortenLife(nodeId, 15_000);
      for (const node of others)
        await node.daemon.waitForStatus(
          "that b's announcement is over",
          (status) => unnamedOn(status) === "b",
        );
      if (!isCut) for (const stream of streams) await stream.moreAnswers(50);
      await daemon.start();
      await allUp();
      for (const stream of streams) await stream.moreAnswers(50);
    });
    expect(seen).toEqual([]);
  });
});

/** What the service does by itself where it is hostile: it names nobody any more, then what it had kept. */
const attacker = join(import.meta.dirname, "../../lab/registry-attacker.ts");
const attack = (verb: "keep" | "delete" | "replay"): Promise<string> =>
  there(stranger).run(process.execPath, attacker, verb, there(old).url, options.cluster.id, "/run/kept.json");

describe("a service that names a node and then again does not, many times", () => {
  it.each([
    ["its daemon is away, its tunnels go on", false],
    ["its link is gone as well", true],
  ])("%s: nothing leaves in clear", async (_what, isCut) => {
    await attack("keep");
    const seen = await clear(async (streams) => {
      await there(b).daemon.stop();
      if (isCut) await there(b).run("ip", "link", "del", "kubespan");
      for (let round = 0; round < 3; round++)
        for (const [verb, absent] of [
          ["delete", "b"],
          ["replay", ""],
        ] as const) {
          await attack(verb);
          for (const node of nodes().filter((each) => each !== b))
            await node.daemon.waitForStatus(`${verb}d`, (status) => unnamedOn(status) === absent);
          if (!isCut) for (const stream of streams) await stream.moreAnswers(10);
        }
      await there(b).daemon.start();
      await allUp();
    });
    expect(seen).toEqual([]);
  });
});
