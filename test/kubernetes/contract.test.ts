import { afterAll, beforeAll, onTestFinished } from "vitest";
import { createKubernetesRegistry } from "../../src/discovery/kubernetes/effects/kubernetes-registry.ts";
import { Gate } from "../unit/discovery/gate.ts";
import { registryContract } from "../unit/discovery/registry-contract.ts";
import { affiliateNamed, idOf } from "../unit/discovery/samples.ts";
import { ApiServer } from "./api-server.ts";

let server: ApiServer;
beforeAll(async () => {
  server = await ApiServer.start();
});
afterAll(() => server?.close());

registryContract("Kubernetes", () => ({
  isSealed: false,
  subject: async (name, log) => {
    await server.createNode(name);
    onTestFinished(() => server.deleteNode(name));
    const way = await Gate.open(server.port);
    const kubernetes = { kubeconfig: await server.kubeconfig(way.server, `kubeconfig-${name}`) };
    const registry = createKubernetesRegistry({ kubernetes, nodeId: idOf(name), nodeName: name, log });
    return { registry, own: { ...affiliateNamed(name, "192.0.2.1:51820"), nodeName: name }, way };
  },
}));
