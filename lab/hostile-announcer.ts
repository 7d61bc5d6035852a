import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { pino } from "pino";
import { Secret } from "../src/base/index.ts";
import { parseServiceURL } from "../src/config/index.ts";
import { createServiceRegistry } from "../src/discovery/effects/index.ts";
import type { Affiliate } from "../src/discovery/index.ts";
import { clusterPrefix, nodeIdFrom, privateKeyFrom, publicKeyOf } from "../src/identity/index.ts";
import { recipientOf } from "../src/members/index.ts";
import { networkOf, parseAddress } from "../src/net/index.ts";
import type { ForgedFarewell, Told } from "./hostile-member.ts";

/** This process announces, as a member of the cluster, what it is told to, unchecked, until it is ended. */
const [file = "", url = ""] = process.argv.slice(2);
const { cluster, claimed, farewell } = JSON.parse(readFileSync(file, "utf8")) as Told;
const { id, secret } = cluster;
const location = parseServiceURL(url);
const address = parseAddress(
  networkOf(clusterPrefix(id)).replace("::", `::bad:${randomBytes(2).toString("hex")}`),
);
if (!location || !address) throw new Error(`not a URL or a cluster: ${url} ${id}`);

const nodeId = farewell?.nodeId ?? nodeIdFrom(randomBytes(32));
const announced: Affiliate = {
  nodeId,
  hostname: claimed.name,
  nodeName: claimed.name,
  machineType: "worker",
  operatingSystem: claimed.operatingSystem ?? "",
  addresses: claimed.addresses ?? [],
  kubespan: {
    publicKey: claimed.publicKey ?? publicKeyOf(privateKeyFrom(randomBytes(32))),
    address,
    additionalAddresses: claimed.networks ?? [],
    excludedNetworks: claimed.excluded ?? [],
    endpoints: claimed.endpoints ?? [],
  },
};

/** Announces that the member left the mesh. */
function farewellAs({ number, recipient }: ForgedFarewell): Affiliate {
  const { kubespan: _none, ...rest } = announced;
  const farewells = new Map([[recipientOf(recipient), randomBytes(16).toString("base64")]]);
  return { ...rest, membership: { number, startedAt: number, machine: "", otherNetworks: [], farewells } };
}

const own = farewell ? farewellAs(farewell) : announced;
const registry = createServiceRegistry({
  service: { name: "attacked", ...location },
  cluster: { id, secret: Secret.fromBase64(secret) },
  nodeId,
  clientVersion: "kubespan-lab",
  log: pino({ level: "error" }),
});
registry.publish({ own, observed: new Map() });
registry.start(() => undefined);
