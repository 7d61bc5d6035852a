import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { Affiliate } from "../../src/discovery/affiliate.ts";
import { clusterId, idsOf, node, service, until } from "../unit/discovery/loopback.ts";
import { address, endpoint, idOf, key, prefix, publicKey } from "../unit/discovery/samples.ts";
import { Program, type Running } from "./program.ts";

/*
 * Against what others have published: the Go module discovery-client with our service, and our client with a service on
 * the Go module discovery-api. What crosses is compared field by field, both ways.
 */
let program: Program | undefined;
beforeAll(async () => {
  program = await Program.build();
});
afterAll(() => program?.remove());

function run(...args: string[]): Running {
  if (!program) throw new Error("it was not built");
  const running = program.start(...args);
  onTestFinished(() => running.kill());
  return running;
}

/** As the Go program writes an affiliate. */
const theirs = {
  nodeId: idOf("their-node"),
  addresses: ["10.0.0.2", "2001:db8::2"],
  hostname: "two",
  nodeName: "k8s-2",
  machineType: "controlplane",
  operatingSystem: "Talos",
  apiServerPort: 6443,
  publicKey: publicKey(8),
  address: "fd7f:175a:b97c:5602::8",
  additional: ["10.244.2.0/24", "fd44:2::/64"],
  excluded: ["192.168.2.0/24"],
  endpoints: ["192.0.2.2:51820", "[2001:db8::2]:51821"],
};

const theirsAsOurs: Affiliate = {
  nodeId: idOf("their-node"),
  addresses: [address("10.0.0.2"), address("2001:db8::2")],
  hostname: "two",
  nodeName: "k8s-2",
  machineType: "controlplane",
  operatingSystem: "Talos",
  apiServerPort: 6443,
  kubespan: {
    publicKey: publicKey(8),
    address: address("fd7f:175a:b97c:5602::8"),
    additionalAddresses: [prefix("10.244.2.0/24"), prefix("fd44:2::/64")],
    excludedNetworks: [prefix("192.168.2.0/24")],
    endpoints: [endpoint("192.0.2.2:51820"), endpoint("[2001:db8::2]:51821")],
  },
};

/** What `node` of the loopback tests announces, as the Go program writes it. */
const ours = (name: string, ...more: string[]) => ({
  nodeId: idOf(name),
  addresses: ["10.0.0.1", "2001:db8::1"],
  hostname: "one",
  nodeName: "k8s-1",
  machineType: "worker",
  operatingSystem: "Debian 13",
  apiServerPort: 6443,
  publicKey: publicKey(7),
  address: "fd7f:175a:b97c:5602:2c1a:b6ff:fe53:8169",
  additional: ["10.244.1.0/24"],
  excluded: ["192.168.1.0/24"],
  endpoints: ["192.0.2.1:51820", ...more],
});

const startClient = (port: number, observed: Record<string, string[]> = {}): Running =>
  run(
    "client",
    JSON.stringify({
      endpoint: `127.0.0.1:${port}`,
      clusterId,
      key: key.revealBase64(),
      own: theirs,
      observed,
    }),
  );

describe("the published Go client with our service", () => {
  test("reads what our node says and is read by it, sees its address, harvests, and leaves", async () => {
    const { port } = await service();
    const our = node("our-node", port);
    await until(() => expect(our.state().phase).toBe("connected"));
    const client = startClient(port, { [idOf("our-node")]: ["198.51.100.1:4711"] });
    await until(() => expect(our.told().affiliates, client.errors).toEqual([theirsAsOurs]));
    await until(() =>
      expect(client.lines.at(-1)).toEqual({
        publicIp: "127.0.0.1",
        nodes: [ours("our-node", "198.51.100.1:4711")],
      }),
    );
    await our.withdraw();
    await until(() => expect(client.lines.at(-1)).toMatchObject({ nodes: [] }));
    const again = node("our-second", port);
    await until(() => expect(client.lines.at(-1)).toMatchObject({ nodes: [{ nodeId: idOf("our-second") }] }));
    client.endInput();
    await until(() => expect(idsOf(again)).toEqual([]));
  });

  test("comes back after our service was away", async () => {
    const first = await service();
    const client = startClient(first.port);
    await until(() => expect(client.lines).not.toHaveLength(0));
    await first.stop();
    const second = await service({ listen: { host: "127.0.0.1", port: first.port } });
    const our = node("our-node", second.port);
    await until(() => expect(our.told().affiliates).toEqual([theirsAsOurs]));
  });
});

describe("our client with a service on the published API", () => {
  test("meets another of ours and the Go client there, with the requests that are expected", async () => {
    const server = run("server");
    const { port } = await until(() => {
      const [first] = server.lines;
      if (!first) throw new Error(`not listening: ${server.errors}`);
      return first as { port: number };
    });
    const [a, b] = [node("a", port), node("b", port)];
    await until(() => expect([idsOf(a), idsOf(b)]).toEqual([["b"], ["a"]]));
    expect(a.state()).toMatchObject({ phase: "connected", reflected: "127.0.0.1", refused: [] });
    const client = startClient(port);
    await until(() => expect(a.told().affiliates).toContainEqual(theirsAsOurs));
    await until(() => expect(client.lines.at(-1)).toMatchObject({ nodes: { length: 2 } }));
    expect(client.lines.at(-1)).toMatchObject({
      nodes: expect.arrayContaining([ours("a"), ours("b")]) as unknown,
    });
    a.publish({
      own: { ...theirsAsOurs, nodeId: idOf("a") },
      observed: new Map([[idOf("b"), [endpoint("198.51.100.9:4711")]]]),
    });
    await until(() =>
      expect(a.told().affiliates.find(({ nodeId }) => nodeId === idOf("b"))?.kubespan?.endpoints).toContain(
        "198.51.100.9:4711",
      ),
    );
    await b.withdraw();
    await until(() => expect(idsOf(a)).toEqual(["theirnode"]));
    const of = (name: string) => server.lines.filter((line) => (line as { id?: string }).id === idOf(name));
    expect(of("a")[0]).toEqual({
      method: "AffiliateUpdate",
      clusterId,
      id: idOf("a"),
      ttl: 1800,
      data: true,
      endpoints: 1,
    });
    expect(of("b")).toContainEqual({
      method: "AffiliateUpdate",
      clusterId,
      id: idOf("b"),
      ttl: 1800,
      endpoints: 1,
    });
    expect(of("b").at(-1)).toEqual({ method: "AffiliateDelete", clusterId, id: idOf("b") });
    expect(server.lines).toContainEqual({ method: "Hello", clusterId, version: "test" });
  });
});
