import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { pino } from "pino";
import { Secret } from "../src/base/index.ts";
import { parseServiceURL } from "../src/config/index.ts";
import { createServiceRegistry } from "../src/discovery/effects/index.ts";
import type { Affiliate } from "../src/discovery/index.ts";
import { clusterPrefix, nodeIdFrom, privateKeyFrom, publicKeyOf } from "../src/identity/index.ts";
import { networkOf, parseAddress } from "../src/net/index.ts";
import type { Cluster } from "./config.ts";
import type { Claimed } from "./hostile-member.ts";

/** This process announces, as a member of the cluster, what it is told to, unchecked, until it is ended. */
const [file = "", url = ""] = process.argv.slice(2);
const { cluster, claimed } = JSON.parse(readFileSync(file, "utf8")) as { cluster: Cluster; claimed: Claimed };
const { id, secret } = cluster;
const location = parseServiceURL(url);
const address = parseAddress(
  networkOf(clusterPrefix(id)).replace("::", `::bad:${randomBytes(2).toString("hex")}`),
);
if (!location || !address) throw new Error(`not a URL or a cluster: ${url} ${id}`);

const nodeId = nodeIdFrom(randomBytes(32));
const own: Affiliate = {
  nodeId,
  hostname: claimed.name,
  nodeName: claimed.name,
  machineType: "worker",
  operatingSystem: "",
  addresses: claimed.addresses ?? [],
  kubespan: {
    publicKey: publicKeyOf(privateKeyFrom(randomBytes(32))),
    address,
    additionalAddresses: claimed.networks ?? [],
    excludedNetworks: claimed.excluded ?? [],
    endpoints: [],
  },
};
const registry = createServiceRegistry({
  service: { name: "attacked", ...location },
  cluster: { id, secret: Secret.fromBase64(secret) },
  nodeId,
  clientVersion: "kubespan-lab",
  log: pino({ level: "error" }),
});
registry.publish({ own, observed: new Map() });
registry.start(() => undefined);
