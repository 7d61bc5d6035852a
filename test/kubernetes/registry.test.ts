import { rm, writeFile } from "node:fs/promises";
import { pino } from "pino";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { environmentProxies } from "../../src/config/proxy.ts";
import { errorOf } from "../../src/discovery/index.ts";
import { statusOf } from "../../src/discovery/kubernetes/effects/api-error.ts";
import { createKubernetesRegistry } from "../../src/discovery/kubernetes/effects/kubernetes-registry.ts";
import { openNodesApi } from "../../src/discovery/kubernetes/effects/nodes-api.ts";
import { ConnectProxy } from "../unit/discovery/connect-proxy.ts";
import { Gate } from "../unit/discovery/gate.ts";
import { idsOf, until } from "../unit/discovery/loopback.ts";
import { endpoint, idOf, prefix } from "../unit/discovery/samples.ts";
import { ApiServer, type Request } from "./api-server.ts";
import { annotationsOfOne, endpointsOf, ownOf, registryOf, sampleOf } from "./registries.ts";

/*
 *   registries --- (a gate, where the test needs one) --- kube-apiserver --- etcd, all of them real
 */
let server: ApiServer;
beforeAll(async () => {
  server = await ApiServer.start();
});
afterAll(() => server?.close());

const created: string[] = [];
afterEach(async () => {
  for (const name of created.splice(0)) await server.deleteNode(name).catch(() => undefined); // some tests did
});

async function machine(name: string, more: Parameters<ApiServer["createNode"]>[1] = {}): Promise<void> {
  await server.createNode(name, more);
  created.push(name);
}

/** What was asked since a moment, by verb. */
async function requestsSince(before: readonly Request[], ...verbs: string[]): Promise<Request[]> {
  return (await server.requests()).slice(before.length).filter(({ verb }) => verbs.includes(verb));
}

describe("what is written", () => {
  test("the annotations of the reference, once, and later only what changed; no one else's is touched", async () => {
    await machine("one", { annotations: { "example.org/other": "stays" } });
    await machine("two");
    const before = await server.requests();
    const kubeconfig = await server.kubeconfig();
    let said = ownOf("one");
    const one = registryOf("one", kubeconfig, () => said);
    const two = registryOf("two", kubeconfig);
    await until(() => expect([idsOf(one), idsOf(two)]).toEqual([["idtwo"], ["idone"]]));
    expect(await server.annotations("one")).toEqual({ ...annotationsOfOne, "example.org/other": "stays" });

    // What others change on the Node, and what is said again, is no reason to write.
    await server.annotate("one", { "example.org/other": "changed" });
    one.publish({ own: said, observed: new Map() });
    said = { ...ownOf("one"), kubespan: { ...sampleOf(), endpoints: [endpoint("198.51.100.7:4711")] } };
    one.publish({ own: said, observed: new Map() });
    await until(() => expect(endpointsOf(two, "id-one")).toEqual(["198.51.100.7:4711"]));
    expect(await server.annotations("one")).toEqual({
      ...annotationsOfOne,
      "networking.talos.dev/kubespan-endpoints": "198.51.100.7:4711",
      "example.org/other": "changed",
    });
    const writes = await requestsSince(before, "patch", "update", "create", "delete");
    expect(writes.map(({ verb, uri }) => `${verb} ${uri.replace(/\?.*/, "")}`).sort()).toEqual([
      "patch /api/v1/nodes/one", // the first time
      "patch /api/v1/nodes/one", // the endpoint
      "patch /api/v1/nodes/two",
    ]);

    // A daemon that starts anew finds everything as it wants it.
    const [all] = [await server.requests(), await one.stop()];
    const again = registryOf("one", kubeconfig, () => said);
    await until(() => expect(again.state()).toMatchObject({ phase: "connected", affiliates: 1 }));
    await machine("three", { annotations: { "cluster.talos.dev/node-id": idOf("id-three") } });
    await until(() => expect(idsOf(again)).toContain("idthree"));
    expect(await requestsSince(all, "patch")).toEqual([]);
  });

  test("a Node that was deleted and made anew gets all of it again, and the others see both", async () => {
    await machine("one");
    await machine("two");
    const kubeconfig = await server.kubeconfig();
    const one = registryOf("one", kubeconfig);
    const two = registryOf("two", kubeconfig);
    await until(() => expect(idsOf(two)).toEqual(["idone"]));
    await server.deleteNode("one");
    await until(() => expect(idsOf(two)).toEqual([]));
    await until(() => expect(errorOf(one.state()) ?? "").toContain("no Node one"));
    await server.createNode("one");
    await until(async () => expect(await server.annotations("one")).toEqual(annotationsOfOne));
    await until(() => expect(idsOf(two)).toEqual(["idone"]));
    expect(errorOf(one.state())).toBeUndefined();
  });

  test("a Node that was made anew meanwhile is not taken for the old one", async () => {
    await machine("one");
    const api = await openNodesApi({ kubeconfig: await server.kubeconfig() });
    const old = { name: "one", uid: "00000000-0000-0000-0000-000000000000" };
    const signal = AbortSignal.timeout(45_000);
    const write = api.patch(old, { "cluster.talos.dev/node-id": idOf("id-one") }, signal);
    const status = await write.then(() => 200, statusOf);
    expect([409, 422]).toContain(status);
    expect(await server.annotations("one")).toEqual({});
  });

  test("what somebody else took away is put back, without a fight", async () => {
    await machine("one");
    const before = await server.requests();
    registryOf("one", await server.kubeconfig());
    await until(async () => expect(await server.annotations("one")).toEqual(annotationsOfOne));
    for (const id of ["x", "y", "z"]) await server.annotate("one", { "cluster.talos.dev/node-id": id });
    await until(async () => expect(await server.annotations("one")).toEqual(annotationsOfOne));
    expect(await requestsSince(before, "patch")).toHaveLength(2);
  });

  test("leaving takes ours away, and not those of another daemon", async () => {
    await machine("one", { annotations: { "example.org/other": "stays" } });
    await machine("two", { annotations: { "cluster.talos.dev/node-id": "somebody" } });
    const kubeconfig = await server.kubeconfig();
    const one = registryOf("one", kubeconfig);
    await until(async () =>
      expect(await server.annotations("one")).toHaveProperty(["cluster.talos.dev/node-id"]),
    );
    await one.withdraw();
    expect(await server.annotations("one")).toEqual({ "example.org/other": "stays" });
    const kubernetes = { kubeconfig };
    const log = pino({ level: "silent" });
    await createKubernetesRegistry({ kubernetes, nodeId: idOf("id-two"), nodeName: "two", log }).withdraw();
    expect(await server.annotations("two")).toEqual({ "cluster.talos.dev/node-id": "somebody" });
    await createKubernetesRegistry({ kubernetes, nodeId: idOf("id-no"), nodeName: "no", log }).withdraw();
  });
});

describe("what is read", () => {
  test("many Nodes page by page, then their changes with bookmarks; pod networks of this node", async () => {
    await machine("one", { podCIDRs: ["10.244.7.0/24", "fd10:244:7::/64"] });
    const names = Array.from({ length: 1_050 }, (_, index) => `many-${index}`);
    for (const name of names)
      await machine(name, { annotations: { "cluster.talos.dev/node-id": idOf(name) } });
    const before = await server.requests();
    const one = registryOf("one", await server.kubeconfig());
    await until(() => expect(one.state()).toMatchObject({ phase: "connected", affiliates: 1_024 }));
    expect(one.state().podNetworks).toEqual([prefix("10.244.7.0/24"), prefix("fd10:244:7::/64")]);
    expect(one.state().refused).toHaveLength(26);
    expect(one.state().refused[0]?.reason).toContain("there are 1024 affiliates already");
    const lists = await requestsSince(before, "list");
    expect(lists.map(({ uri }) => [uri.includes("limit=500"), uri.includes("continue=")])).toEqual([
      [true, false],
      [true, true],
      [true, true],
    ]);
    const [watch, ...more] = await requestsSince(before, "watch");
    expect(more).toEqual([]);
    expect(watch?.uri).toContain("allowWatchBookmarks=true");
  });

  test("annotations that do not parse: left out with a reason, the rest in use", async () => {
    await machine("one");
    const bad = {
      "networking.talos.dev/self-ips": "10.0.0.9,300.1.1.1",
      "networking.talos.dev/kubespan-endpoints": "192.0.2.9:51820,nonsense",
      "networking.talos.dev/api-server-port": "70000",
    };
    await machine("bad", {
      annotations: { ...annotationsOfOne, ...bad, "cluster.talos.dev/node-id": idOf("id-bad") },
    });
    await machine("id", { annotations: { "cluster.talos.dev/node-id": "with blanks" } });
    await machine("thief", { annotations: { "cluster.talos.dev/node-id": idOf("id-one") } });
    await machine("twin", { annotations: { "cluster.talos.dev/node-id": idOf("id-bad") } });
    const one = registryOf("one", await server.kubeconfig());
    await until(() => expect(idsOf(one)).toEqual(["idbad"]));
    expect(one.told().affiliates[0]).toMatchObject({ nodeName: "bad", addresses: ["10.0.0.9"] });
    expect(endpointsOf(one, "id-bad")).toEqual(["192.0.2.9:51820"]);
    expect(one.state().refused.map(({ reason }) => reason)).toEqual([
      'Node bad: networking.talos.dev/self-ips, "300.1.1.1": not valid',
      'Node bad: networking.talos.dev/api-server-port "70000": not a port',
      'Node bad: networking.talos.dev/kubespan-endpoints, "nonsense": not valid',
      "Node id: cluster.talos.dev/node-id is not 43 to 52 digits and letters",
      "Node thief: it has this node's id",
      "Node twin: Node bad has the same node id, and counts",
    ]);
  });
});

describe("what may happen meanwhile", () => {
  test("the way to the API is cut: what is known stays, and it goes on where it was, without a list", async () => {
    await machine("one");
    await machine("two");
    const gate = await Gate.open(server.port);
    const one = registryOf("one", await server.kubeconfig(gate.server));
    await server.annotate("two", { "cluster.talos.dev/node-id": idOf("id-two") });
    await until(() => expect(one.state()).toMatchObject({ phase: "connected", affiliates: 1 }));
    await until(async () => expect(await server.annotations("one")).toEqual(annotationsOfOne));
    gate.shut();
    await until(() => expect(one.state()).toMatchObject({ phase: "connecting", affiliates: 1 }));
    expect(errorOf(one.state())).toMatch(/cannot be reached: .+check that it runs/);
    await machine("three", { annotations: { "cluster.talos.dev/node-id": idOf("id-three") } });
    const before = await server.requests();
    gate.reopen();
    await until(() => expect(idsOf(one)).toEqual(["idthree", "idtwo"]));
    expect(one.state()).toMatchObject({ phase: "connected" });
    expect(errorOf(one.state())).toBeUndefined();
    const asked = await requestsSince(before, "list", "patch");
    expect(asked.filter(({ uri }) => !uri.includes("limit=1"))).toEqual([]); // but for the version
  });

  test("the API server was killed and forgot the past (410): everything is listed again", async () => {
    await machine("one");
    await machine("two", { annotations: { "cluster.talos.dev/node-id": idOf("id-two") } });
    const gate = await Gate.open(server.port);
    const one = registryOf("one", await server.kubeconfig(gate.server));
    await until(async () => expect(await server.annotations("one")).toEqual(annotationsOfOne));
    await until(() => expect(idsOf(one)).toEqual(["idtwo"]));
    gate.shut();
    await server.deleteNode("two");
    await machine("three", { annotations: { "cluster.talos.dev/node-id": idOf("id-three") } });
    await server.kill();
    await server.start();
    const before = await server.requests();
    gate.reopen();
    await until(() => expect(idsOf(one)).toEqual(["idthree"]));
    await until(() => expect(one.state()).toMatchObject({ phase: "connected" }));
    const lists = await requestsSince(before, "list");
    expect(lists.filter(({ uri }) => uri.includes("limit=500"))).toHaveLength(1);
    expect(await requestsSince(before, "patch")).toEqual([]);
  });

  test("behind a proxy: HTTPS_PROXY and its password are used, NO_PROXY is heeded, and errors name the proxy", async () => {
    await machine("one");
    await machine("two", { annotations: { "cluster.talos.dev/node-id": idOf("id-two") } });
    const proxy = await ConnectProxy.open("me:hunter2");
    const kubeconfig = await server.kubeconfig(`kubernetes:${server.port}`, "by-proxy"); // a name that only the proxy knows
    const behind = (environment: Readonly<Record<string, string>>) =>
      registryOf("one", kubeconfig, undefined, environmentProxies(environment).proxies);
    const one = behind({ HTTPS_PROXY: proxy.url("me:hunter2") });
    await until(() => expect(one.state()).toMatchObject({ phase: "connected", affiliates: 1 }));
    await until(async () => expect(await server.annotations("one")).toEqual(annotationsOfOne));
    await one.stop();
    const before = proxy.asked.length;
    expect(before).toBeGreaterThan(0);
    const wrong = behind({ HTTPS_PROXY: proxy.url("me:hunter3") });
    await until(() =>
      expect(errorOf(wrong.state())).toMatch(
        new RegExp(`through the proxy http://127.0.0.1:${proxy.port}: .*407.*HTTPS_PROXY`),
      ),
    );
    expect(JSON.stringify(wrong.state())).not.toContain("hunter3");
    await wrong.stop();
    const asked = proxy.asked.length;
    const direct = behind({ HTTPS_PROXY: proxy.url("me:hunter2"), NO_PROXY: "kubernetes" });
    await until(() => expect(errorOf(direct.state())).toMatch(/cannot be reached: .*kubernetes/));
    expect(proxy.asked).toHaveLength(asked);
  });

  test("the token is replaced: the new one is read from its file", async () => {
    await machine("one");
    const kubeconfig = await server.kubeconfig();
    let said = ownOf("one");
    const one = registryOf("one", kubeconfig, () => said);
    await until(async () => expect(await server.annotations("one")).toEqual(annotationsOfOne));
    await server.replaceAccount();
    // The API server remembers a good token for some seconds: the daemon has news until it is refused.
    await until(() => {
      said = { ...said, apiServerPort: (said.apiServerPort ?? 6443) + 1 };
      one.publish({ own: said, observed: new Map() });
      expect(errorOf(one.state()) ?? "").toContain("does not know who we are");
    });
    await rm(server.file("token"));
    await until(() => expect(errorOf(one.state()) ?? "").toContain("there is no file"));
    await writeFile(server.file("token"), `${await server.token()}\n`);
    await until(async () =>
      expect(await server.annotations("one")).toMatchObject({
        "networking.talos.dev/api-server-port": String(said.apiServerPort),
      }),
    );
    await until(() => expect(one.state()).toMatchObject({ phase: "connected" }));
    expect(JSON.stringify(one.state())).not.toContain(
      await server.token().then((token) => token.slice(0, 20)),
    );
  });

  test("an account without rights is told what to do, in the state and without an end of the registry", async () => {
    await machine("one");
    const kubeconfig = await server.kubeconfig();
    await writeFile(server.file("token"), await server.token("bystander"));
    const one = registryOf("one", kubeconfig);
    await until(() => expect(errorOf(one.state()) ?? "").toContain("deploy/kubernetes/rbac.yaml"));
    await server.kubeconfig();
    await until(() => expect(one.state()).toMatchObject({ phase: "connected" }));
  });
});
