import { status } from "@grpc/grpc-js";
import { describe, expect, test } from "vitest";
import type { Registry } from "../../../src/discovery/registry.ts";
import type { DiscoveryServer } from "../../../src/discovery-server/effects/start.ts";
import { idsOf, node, service, until } from "../discovery/loopback.ts";
import { affiliateNamed, idOf } from "../discovery/samples.ts";
import { Attacker, from, largeUpdate, ofCluster, paths } from "./attacker.ts";

/** Honest nodes, one to an address; the attackers come from 127.0.0.66 and up. */
async function honest(port: number, ...names: string[]): Promise<Registry[]> {
  const ports = await Promise.all(names.map((_, index) => from(`127.0.0.${10 + index}`, port)));
  const nodes = names.map((name, index) => node(name, ports[index] ?? port));
  await until(() => expect(nodes.map(idsOf)).toEqual(names.map((name) => names.filter((id) => id !== name))));
  return nodes;
}

const endpointsOf = (registry: Registry, id: string): readonly string[] =>
  registry.told().affiliates.find(({ nodeId }) => nodeId === idOf(id))?.kubespan?.endpoints ?? [];

/** Those who were there go on, and one who comes now is let in. */
async function areServed(
  server: DiscoveryServer,
  [a, b]: readonly Registry[],
  newcomer: string,
): Promise<void> {
  a?.publish({ own: affiliateNamed("a", "198.51.100.77:51820"), observed: new Map() });
  await until(() => expect(b && endpointsOf(b, "a")).toContain("198.51.100.77:51820"));
  const late = node(newcomer, await from("127.0.0.60", server.port));
  await until(() => expect(idsOf(late)).toEqual(expect.arrayContaining(["a", "b"])));
  await until(() => expect(b && idsOf(b)).toContain(newcomer));
  expect([a?.state().phase, b?.state().phase]).toEqual(["connected", "connected"]);
}

const many = <Item>(count: number, make: (index: number) => Promise<Item>): Promise<Item[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => make(index)));

describe("whoever takes all that there is of", () => {
  test("watchers gives way to the others", async () => {
    const server = await service({ bounds: { watchers: { total: 16, perHolder: 16 } } });
    const attacker = await Attacker.connect(server.port, "127.0.0.66");
    for (let index = 0; index < 40; index++) attacker.open(paths.watch, ofCluster("another"));
    await until(() => expect(server.figures().watchers).toBe(16));
    const nodes = await honest(server.port, "a", "b");
    await areServed(server, nodes, "c");
    expect(server.figures().watchers).toBeLessThanOrEqual(16);
    expect(server.figures().watchersCutOff).toBeGreaterThanOrEqual(3);
  });

  test("watchers has no more than its share in the first place", async () => {
    const server = await service({ bounds: { watchers: { total: 16, perHolder: 4 } } });
    const attacker = await Attacker.connect(server.port, "127.0.0.66");
    const asked = Array.from({ length: 6 }, () => attacker.ask(paths.watch, ofCluster("another")));
    expect((await Promise.race(asked)).status).toBe(status.RESOURCE_EXHAUSTED);
    expect(server.figures().watchers).toBeLessThanOrEqual(4);
  });

  test("connections gives way to the others", async () => {
    const connections = { total: 20, perAddress: 20, perAddressPerSecond: 1e6, perAddressBurst: 1e6 };
    const server = await service({ bounds: { connections } });
    const attackers = await many(20, () => Attacker.connect(server.port, "127.0.0.66"));
    const nodes = await honest(server.port, "a", "b");
    await areServed(server, nodes, "c");
    expect(server.figures().connections).toBeLessThanOrEqual(20);
    await until(() => expect(attackers.filter(({ isCut }) => isCut).length).toBeGreaterThanOrEqual(3));
  });

  test("open requests that never come gives way, and ends in time", async () => {
    const unfinished = { total: 40, perHolder: 40 };
    const open = { total: 1000, perHolder: 1000 };
    const server = await service({ bounds: { calls: { open, unfinished }, call: { requestMs: 2_000 } } });
    const attacker = await Attacker.connect(server.port, "127.0.0.66");
    const streams = Array.from({ length: 60 }, () => attacker.open(paths.update));
    const nodes = await honest(server.port, "a", "b");
    await areServed(server, nodes, "c");
    await until(() => expect(streams.every((stream) => stream?.closed)).toBe(true));
  });

  test("what is stored gives way to the others, newest first", async () => {
    const holdings = { bytes: { total: 400_000, perHolder: 400_000 } };
    const server = await service({ bounds: { holdings } });
    const attacker = await Attacker.connect(server.port, "127.0.0.66");
    for (let index = 0; index < 40; index++)
      await attacker.ask(paths.update, largeUpdate(`cluster ${index}`, "x"));
    expect(server.figures().bytes).toBeGreaterThan(370_000);
    const filler = await Attacker.connect(server.port, "127.0.0.67");
    expect(await filler.ask(paths.update, largeUpdate("honest", "h"))).toMatchObject({ status: status.OK });
    const nodes = await honest(server.port, "a", "b");
    await areServed(server, nodes, "c");
    expect(server.figures()).toMatchObject({ affiliatesCutOff: expect.any(Number) });
    expect(server.figures().affiliatesCutOff).toBeGreaterThan(0);
    expect(server.figures().bytes).toBeLessThanOrEqual(400_000);
  });

  test("clusters gives way to the others", async () => {
    const holdings = { clusters: { total: 8, perHolder: 8 } };
    const server = await service({ bounds: { holdings } });
    const attacker = await Attacker.connect(server.port, "127.0.0.66");
    for (let index = 0; index < 12; index++)
      await attacker.ask(paths.update, largeUpdate(`cluster ${index}`, "x"));
    expect(server.figures().clusters).toBe(8);
    await areServed(server, await honest(server.port, "a", "b"), "c");
    expect(server.figures().clusters).toBe(8);
  });

  test("answers that nobody reads is cut", async () => {
    const outlet = { unreadBytes: 1024 * 1024, unreadBytesPerAddress: 1024 * 1024 };
    const server = await service({ bounds: { outlet } });
    const attacker = await Attacker.connect(server.port, "127.0.0.66", 0);
    for (let index = 0; index < 100; index++)
      await (await Attacker.connect(server.port, "127.0.0.67")).ask(
        paths.update,
        largeUpdate("x", `${index}`),
      );
    for (let index = 0; index < 200; index++) attacker.open(paths.list, ofCluster("x"));
    await until(() => expect(server.figures().unreadBytes).toBeGreaterThan(900_000));
    await areServed(server, await honest(server.port, "a", "b"), "c");
    expect(server.figures().unreadBytes).toBeLessThanOrEqual(1024 * 1024);
  });
});

test("what established clusters have stays, although everyone else together has more", async () => {
  const holdings = { bytes: { total: 120_000, perHolder: 120_000 }, floorBytes: 60_000, establishedMs: 0 };
  const watchers = { total: 6, perHolder: 6, floor: 3 };
  const server = await service({ bounds: { holdings, watchers } });
  const nodes = await honest(server.port, "a", "b");
  // From so many addresses that none of them has more than the honest nodes do.
  for (let index = 0; index < 24; index++) {
    const attacker = await Attacker.connect(server.port, `127.0.0.${66 + index}`);
    await attacker.ask(paths.update, largeUpdate("another", `${index}`));
    attacker.open(paths.watch, ofCluster("another"));
  }
  await areServed(server, nodes, "c");
});

test("who does not read is closed after a while, and what it did not read is forgotten", async () => {
  const server = await service({ bounds: { call: { stallMs: 1_000 } } });
  const attacker = await Attacker.connect(server.port, "127.0.0.66", 0);
  await attacker.ask(paths.update, largeUpdate("x", "0"));
  const [list, watch] = [
    attacker.open(paths.list, ofCluster("x")),
    attacker.open(paths.watch, ofCluster("x")),
  ];
  await until(() => expect([list?.closed, watch?.closed]).toEqual([true, true]));
  await until(() => expect(server.figures()).toMatchObject({ unreadBytes: 0, watchers: 0 }));
});

test("a connection over which nothing is asked is closed", async () => {
  const server = await service({ bounds: { connections: { firstRequestMs: 1_000 } } });
  const attacker = await Attacker.connect(server.port, "127.0.0.66");
  await until(() => expect(attacker.isCut).toBe(true));
  await until(() => expect(server.figures().connections).toBe(0));
});

test("a snapshot is encoded once for everyone, and a change makes only its own affiliate anew", async () => {
  const { snapshotMessage, changesMessage } = await import(
    "../../../src/discovery-server/effects/messages.ts"
  );
  const { ClusterState } = await import("../../../src/discovery-server/cluster-state.ts");
  const state = new ClusterState();
  const change = (id: string, data: string) =>
    state.update({ affiliateId: id, data: Buffer.from(data), endpoints: [], ttlMs: 1000 }, 0, 1e9);
  change("a", "1");
  change("b", "1");
  const before = snapshotMessage(state.snapshot());
  expect(snapshotMessage(state.snapshot())).toBe(before);
  change("a", "1");
  expect(snapshotMessage(state.snapshot())).toBe(before);
  const changed = change("b", "2");
  const after = snapshotMessage(state.snapshot());
  expect(after).not.toBe(before);
  expect(after.pieces[0]).toBe(before.pieces[0]);
  expect(after.pieces[1]).not.toBe(before.pieces[1]);
  if (!changed || "refused" in changed) throw new Error("refused");
  expect(changesMessage([changed]).pieces[0]).toBe(after.pieces[1]);
});
