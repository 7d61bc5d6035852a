import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { idsOf, until } from "../unit/discovery/loopback.ts";
import { endpoint, idOf, prefix } from "../unit/discovery/samples.ts";
import { ApiServer } from "./api-server.ts";
import { annotationsOf, endpointsOf, ownOf, registryOf, sampleOf } from "./registries.ts";

/*
 *   registries --- kube-apiserver --- etcd, whose objects outlive the machines that they describe
 */
let server: ApiServer;
beforeAll(async () => {
  server = await ApiServer.start();
});
afterAll(() => server?.close());

const created: string[] = [];
afterEach(async () => {
  for (const name of created.splice(0)) await server.deleteNode(name).catch(() => undefined); // some are gone
});

async function machine(name: string, more: Parameters<ApiServer["createNode"]>[1] = {}): Promise<void> {
  await server.createNode(name, more);
  created.push(name);
}

test("of the two Nodes of a machine that was renamed: the one that was written later, and that is heard of", async () => {
  await machine("one");
  await machine("a-name", { annotations: annotationsOf("id-x", "192.0.2.7:1") });
  await machine("b-name", { annotations: annotationsOf("id-x", "192.0.2.8:1") });
  const one = registryOf("one", await server.kubeconfig());
  let port = 1;
  const lastWritten = async (name: string): Promise<void> => {
    // The API tells the time of a write in whole seconds.
    await server.annotate(name, annotationsOf("id-x", `192.0.2.9:${++port}`));
    expect(one.told().affiliates.map(({ nodeName }) => nodeName)).toEqual([name]);
  };
  await until(() => lastWritten("b-name"));
  await until(() => lastWritten("a-name"));
  await server.setReady("a-name", "Unknown");
  await until(() => expect(one.told().affiliates[0]?.nodeName).toBe("b-name"));
  expect([...one.told().awayNodes]).toEqual([]);
  await server.setReady("b-name", "Unknown");
  await until(() => expect([...one.told().awayNodes]).toEqual([idOf("id-x")]));
  await server.setReady("a-name", "False"); // its kubelet lives, and says so
  await until(() => expect([...one.told().awayNodes]).toEqual([]));
  expect(one.told().affiliates[0]?.nodeName).toBe("a-name");
});
test("etcd is restored from a backup: what the others say is there again, and nobody was deleted", async () => {
  await machine("one", { podCIDRs: ["10.244.7.0/24"] });
  await machine("two");
  const kubeconfig = await server.kubeconfig();
  let said = ownOf("one");
  const one = registryOf("one", kubeconfig, () => said);
  const two = registryOf("two", kubeconfig);
  await until(() => expect([idsOf(one), idsOf(two)]).toEqual([["idtwo"], ["idone"]]));
  await server.backUp();
  await until(() => server.annotate("two", { "example.org/any": "write" }));
  await machine("three", { annotations: { "cluster.talos.dev/node-id": idOf("id-three") } });
  said = { ...said, kubespan: { ...sampleOf(), endpoints: [endpoint("198.51.100.7:4711")] } };
  one.publish({ own: said, observed: new Map() });
  await until(() => expect(endpointsOf(two, "id-one")).toEqual(["198.51.100.7:4711"]));
  await until(() => expect(idsOf(one)).toEqual(["idthree", "idtwo"]));
  for (let write = 0; write < 200; write++)
    await server.annotate("two", { "example.org/any": String(write) });
  await until(() => expect([one, two].map((each) => each.state().phase)).toEqual(["connected", "connected"]));
  await server.restore();
  await until(async () =>
    expect(await server.annotations("one")).toMatchObject({
      "networking.talos.dev/kubespan-endpoints": "198.51.100.7:4711",
    }),
  );
  await machine("four", { annotations: { "cluster.talos.dev/node-id": idOf("id-four") } });
  await until(() => expect(idsOf(two)).toEqual(["idfour", "idone"]));
  await until(() => expect(idsOf(one)).toEqual(["idfour", "idtwo"]));
  expect([...one.told().deletedNodes]).toEqual([]);
  expect(one.state().podNetworks).toEqual([prefix("10.244.7.0/24")]);
});
