import { status } from "@grpc/grpc-js";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { KubespanError } from "../../../src/base/error.ts";
import { errorOf } from "../../../src/discovery/registry-state.ts";
import type { AffiliateUpdateRequest } from "../../../src/discovery/wire/generated/server.ts";
import { clusterId, fakeService, freezer, idsOf, node, service, until } from "./loopback.ts";
import { address, affiliateNamed, endpoint, idOf, otherKey } from "./samples.ts";

const observed = (id: string, text: string) => new Map([[idOf(id), [endpoint(text)]]]);
const endpointsOf = (registry: ReturnType<typeof node>, id: string) =>
  registry.told().affiliates.find(({ nodeId }) => nodeId === idOf(id))?.kubespan?.endpoints;

const many = (from: number) => Array.from({ length: 40 }, (_, at) => `192.0.2.${from + at}:51820`);

describe("nodes that share a service", () => {
  test("find each other, and never themselves", async () => {
    const { port } = await service();
    const nodes = ["a", "b", "c"].map((id) => node(id, port));
    await until(() =>
      expect(nodes.map(idsOf)).toEqual([
        ["b", "c"],
        ["a", "c"],
        ["a", "b"],
      ]),
    );
    expect(nodes[0]?.told().affiliates).toContainEqual(affiliateNamed("b", "192.0.2.1:51820"));
    expect(nodes[0]?.state()).toEqual({
      name: "test",
      location: `http://127.0.0.1:${port}`,
      phase: "connected",
      reflected: "127.0.0.1",
      reachedAt: "127.0.0.1",
      affiliates: 2,
      refused: [],
    });
  });

  test("hear of a change at once, and of one that follows it", async () => {
    const { port } = await service();
    const [a, b] = [node("a", port), node("b", port)];
    await until(() => expect(idsOf(b)).toEqual(["a"]));
    for (const hostname of ["x", "y", "z"])
      a.publish({ own: { ...affiliateNamed("a"), hostname }, observed: new Map() });
    await until(() => expect(b.told().affiliates[0]?.hostname).toBe("z"));
  });

  test("hear of all that a node says anew, although the service keeps its endpoints of before and has no room", async () => {
    const { port } = await service();
    const [a, b] = [node("a", port), node("b", port)];
    await until(() => expect(idsOf(b)).toEqual(["a"]));
    a.publish({ own: affiliateNamed("a", ...many(1)), observed: new Map() });
    await until(() => expect(endpointsOf(b, "a")).toContain("192.0.2.40:51820"));
    a.publish({ own: { ...affiliateNamed("a", ...many(101)), hostname: "new" }, observed: new Map() });
    await until(() => expect(b.told().affiliates[0]?.hostname).toBe("new"));
    expect(endpointsOf(b, "a")).toContain("192.0.2.101:51820");
    expect(a.state().phase).toBe("connected");
    expect(errorOf(a.state())).toBeUndefined();
  });

  test("hear of endpoints that others observed", async () => {
    const { port } = await service();
    const [a, b, c] = [node("a", port), node("b", port), node("c", port)];
    await until(() => expect(idsOf(c)).toEqual(["a", "b"]));
    a.publish({ own: affiliateNamed("a"), observed: observed("b", "198.51.100.7:4000") });
    const both = ["192.0.2.1:51820", "198.51.100.7:4000"];
    await until(() => expect(endpointsOf(c, "b")).toEqual(both));
    expect(endpointsOf(a, "b")).toEqual(both);
    expect(idsOf(b)).toEqual(["a", "c"]);
  });

  test("hear of one that leaves; withdrawing tells it, stopping does not", async () => {
    const { port } = await service();
    const [a, b, c] = [node("a", port), node("b", port), node("c", port)];
    await until(() => expect(idsOf(a)).toEqual(["b", "c"]));
    await b.stop();
    expect(b.state().phase).toBe("stopped");
    expect(idsOf(b)).toContain("a");
    await c.withdraw();
    await until(() => expect(idsOf(a)).toEqual(["b"]));
    c.publish({ own: affiliateNamed("c"), observed: new Map() });
    c.start(() => undefined);
    await until(() => expect(idsOf(a)).toEqual(["b", "c"]));
  });

  test("hear no more of one that is gone and was taken out, and again of one that was not gone", async () => {
    const { port } = await service();
    const [a, gone] = [node("a", port), node("gone", port)];
    await until(() => expect(idsOf(a)).toEqual(["gone"]));
    await gone.stop();
    await a.takeOut?.(idOf("gone"));
    await until(() => expect(idsOf(a)).toEqual([]));
    const late = node("late", port);
    await until(() => expect(idsOf(late)).toEqual(["a"]));
    gone.start(() => undefined);
    await until(() => expect(idsOf(a)).toEqual(["gone", "late"]));
    await a.takeOut?.(idOf("gone"));
    const later = node("later", port);
    await until(() => expect(idsOf(later)).toEqual(["a", "gone", "late"]));
  });

  test("lose one that does not renew itself, and keep one that does", async () => {
    const { port } = await service();
    const renewing = node("renewing", port, { ttlMs: 2_000 });
    const silentNode = node("silent", port, { ttlMs: 2_000 });
    const watcher = node("watcher", port);
    await until(() => expect(idsOf(watcher)).toEqual(["renewing", "silent"]));
    await silentNode.stop();
    await until(() => expect(idsOf(watcher)).toEqual(["renewing"]));
    expect(renewing.state().phase).toBe("connected");
  });

  test("with another secret do not believe each other", async () => {
    const { port } = await service();
    const [a] = [node("a", port), node("b", port, { cluster: { id: clusterId, secret: otherKey } })];
    await until(() =>
      expect(a.state().refused).toMatchObject([{ nodeId: idOf("b"), reason: /does not open/ }]),
    );
    expect(idsOf(a)).toEqual([]);
  });

  test("are told of changes later, not in the call that makes them", async () => {
    const { port } = await service();
    const onChange = vi.fn();
    const a = node("a", port, { onChange });
    expect(onChange).not.toHaveBeenCalled();
    await until(() => expect(a.state().phase).toBe("connected"));
    await until(() => expect(onChange).toHaveBeenCalled());
    const before = onChange.mock.calls.length;
    node("b", port);
    await until(() => expect(onChange.mock.calls.length).toBeGreaterThan(before));
  });
});

describe("a service that fails", () => {
  test("is found again, with what was known kept until then", async () => {
    const first = await service();
    const { port } = first;
    const history: [string, string[]][] = [];
    const onChange = (): unknown => history.push([a.state().phase, idsOf(a)]);
    const [a, b] = [node("a", port, { graceMs: 500, onChange }), node("b", port)];
    await until(() => expect([idsOf(a), idsOf(b)]).toEqual([["b"], ["a"]]));
    await first.stop();
    await until(() => expect(a.state()).toMatchObject({ phase: "connecting", error: /cannot be reached/ }));
    expect([idsOf(a), idsOf(b)]).toEqual([["b"], ["a"]]);
    await b.stop();
    await service({ listen: { host: "127.0.0.1", port } });
    await until(() => expect(a.state().phase).toBe("connected"));
    expect(errorOf(a.state())).toBeUndefined();
    await until(() => expect(idsOf(a)).toEqual([]));
    // Between the outage and this, b was known: the service did not know it, but it might have been about to.
    const back = history.slice(history.findLastIndex(([phase]) => phase === "connecting"));
    expect(back).toContainEqual(["connected", ["b"]]);
    b.start(() => undefined);
    await until(() => expect([idsOf(a), idsOf(b)]).toEqual([["b"], ["a"]]));
  });

  test("is not there yet when the node starts", async () => {
    const first = await service();
    await first.stop();
    const a = node("a", first.port);
    await until(() => expect(errorOf(a.state())).toMatch(/cannot be reached.*check that it runs/));
    await service({ listen: { host: "127.0.0.1", port: first.port } });
    await until(() => expect(a.state().phase).toBe("connected"));
  });

  test("by freezing is noticed", async () => {
    const { port } = await service();
    const between = await freezer(port);
    const a = node("a", between.port);
    await until(() => expect(a.state().phase).toBe("connected"));
    between.freeze();
    await until(() => expect(a.state()).toMatchObject({ phase: "connecting", error: /cannot be reached/ }));
  });

  test("by freezing is not waited for when the node loses an address: then it connects anew", async () => {
    const { port } = await service();
    const between = await freezer(port);
    const [a, b] = [node("a", between.port), node("b", port)];
    await until(() => expect([a.state().phase, ...idsOf(b)]).toEqual(["connected", "a"]));
    between.freeze();
    let isNoticed = false;
    const looking = setInterval(() => {
      isNoticed ||= a.state().phase !== "connected";
    }, 5);
    onTestFinished(() => clearInterval(looking));
    a.publish({ own: { ...affiliateNamed("a"), addresses: [address("192.0.2.77")] }, observed: new Map() });
    await until(() => expect(b.told().affiliates[0]?.addresses).toEqual(["192.0.2.77"]));
    expect(isNoticed).toBe(false);
  });

  test("cannot be told of a departure, and says so soon", async () => {
    const first = await service();
    await first.stop();
    const leaving = node("a", first.port).withdraw();
    await expect(leaving).rejects.toBeInstanceOf(KubespanError);
    await expect(leaving).rejects.toMatchObject({ code: "discovery", message: /cannot be reached/ });
  });

  test.each([
    [status.UNAUTHENTICATED, /does not know who we are.*use another service/],
    [status.PERMISSION_DENIED, /does not let this cluster in/],
    [status.INVALID_ARGUMENT, /malformed.*check clusterID/],
    [status.RESOURCE_EXHAUSTED, /no room.*too many requests/],
    [status.UNIMPLEMENTED, /is not a discovery service/],
    [status.INTERNAL, /failed.*log of the service/],
  ])("with status %i is explained", async (code, explanation) => {
    const port = await fakeService({ hello: (_, done) => done({ code, details: "no\u001b[31m!" }) });
    const a = node("a", port);
    await until(() => expect(errorOf(a.state())).toMatch(explanation));
    expect(errorOf(a.state())).toContain("no?[31m!");
  });
});

test("what is too long to announce is said in the state", async () => {
  const { port } = await service();
  const a = node("a", port);
  const addresses = Array.from({ length: 400 }, (_, index) => address(`10.0.${index >> 8}.${index & 255}`));
  const own = { ...affiliateNamed("a"), addresses };
  a.publish({ own, observed: new Map() });
  expect(errorOf(a.state())).toMatch(/not announced/);
});

test("a refresh says the same in the same bytes, so that the service tells nobody", async () => {
  const updates: AffiliateUpdateRequest[] = [];
  const port = await fakeService({
    hello: (_, done) => done(null, { clientIp: Buffer.alloc(0) }),
    watch: (stream) => stream.write({ affiliates: [], deleted: false }),
    affiliateUpdate: ({ request }, done) => {
      updates.push(request);
      done(null, {});
    },
  });
  node("a", port, { ttlMs: 500 });
  await until(() => expect(updates.length).toBeGreaterThan(2));
  expect(updates[0]).toMatchObject({
    clusterId,
    affiliateId: idOf("a"),
    ttl: { seconds: 0n, nanos: 500_000_000 },
  });
  for (const update of updates) expect(update).toEqual(updates[0]);
});
