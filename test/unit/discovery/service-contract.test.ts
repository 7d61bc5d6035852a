import { beforeEach } from "vitest";
import { createServiceRegistry } from "../../../src/discovery/effects/service-registry.ts";
import { Gate } from "./gate.ts";
import { clusterId, plainService, service } from "./loopback.ts";
import { registryContract } from "./registry-contract.ts";
import { affiliateNamed, idOf, key } from "./samples.ts";

let port: number;
beforeEach(async () => {
  ({ port } = await service());
});

registryContract("discovery service", () => ({
  isSealed: true,
  subject: async (name, log) => {
    const way = await Gate.open(port);
    const registry = createServiceRegistry({
      service: plainService(way.port),
      cluster: { id: clusterId, secret: key },
      nodeId: idOf(name),
      clientVersion: "test",
      log,
    });
    return { registry, own: affiliateNamed(name, "192.0.2.1:51820"), way };
  },
}));
