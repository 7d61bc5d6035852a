import { createHash, randomBytes } from "node:crypto";
import { createInterface } from "node:readline";
import { credentials } from "@grpc/grpc-js";
import { pino } from "pino";
import type { Affiliate } from "../../src/discovery/affiliate.ts";
import { sealAnnouncement } from "../../src/discovery/publication.ts";
import { startDiscoveryServer } from "../../src/discovery/server/effects/start.ts";
import { ClusterClient } from "../../src/discovery/wire/generated/server.ts";
import { clusterPrefix } from "../../src/identity/index.ts";
import { networkOf, parseAddress, parseEndpoint, parsePrefix } from "../../src/net/index.ts";
import { Secret } from "../../src/system/secret.ts";
import { type Order, prefixText } from "./orders.ts";

/**
 * A discovery service with affiliates that nobody is behind. Runs in a namespace of the lab; takes one order a line on
 * standard input and answers each with the moment, on the monotonic clock in ns, at which the service was told.
 */
const [host = "", clusterId = "", clusterSecret = ""] = process.argv.slice(2);
const secret = Secret.fromBase64(clusterSecret);
const unlimited = { perSecond: 1e6, burst: 1e6 };
const server = await startDiscoveryServer({
  listen: { host, port: 3000 },
  log: pino({ level: "silent" }),
  rate: unlimited,
});
const client = new ClusterClient(`${host}:${server.port}`, credentials.createInsecure());

const known = <Value>(value: Value | undefined): Value => {
  if (value === undefined) throw new Error("a bad value in the bench");
  return value;
};

/** The first half of the peers announces an endpoint that swallows packets, or none of them does. */
function affiliateOf(index: number, generation: number, isDialled: boolean): Affiliate {
  const [high, low] = [index >> 8, index & 255];
  const ula = networkOf(clusterPrefix(clusterId)).replace("::", `::${(index + 1).toString(16)}`);
  return {
    nodeId: `peer${String(index).padStart(5, "0")}`,
    addresses: [known(parseAddress(`100.64.${high}.${low}`))],
    hostname: `peer-${index}`,
    nodeName: `peer-${index}`,
    machineType: "worker",
    operatingSystem: "Debian GNU/Linux 12 (bookworm)",
    kubespan: {
      publicKey: createHash("sha256").update(`peer ${index}`).digest("base64"),
      address: known(parseAddress(ula)),
      additionalAddresses: [known(parsePrefix(prefixText(index, generation)))],
      excludedNetworks: [],
      endpoints: isDialled ? [known(parseEndpoint(`198.18.${high}.${low}:51820`))] : [],
    },
  };
}

function tell(own: Affiliate): Promise<void> {
  const [update] = sealAnnouncement(secret, { own, observed: new Map() }, undefined, randomBytes).updates;
  const { affiliateId, data, endpoints } = known(update);
  return new Promise((resolve, reject) => {
    client.affiliateUpdate(
      {
        clusterId,
        affiliateId,
        affiliateData: Buffer.from(known(data)),
        affiliateEndpoints: endpoints.map((endpoint) => Buffer.from(endpoint)),
        ttl: { seconds: 1800n, nanos: 0 },
      },
      (error) => (error ? reject(error) : resolve()),
    );
  });
}

process.stdout.write("ready\n");
for await (const line of createInterface({ input: process.stdin })) {
  const { from, count, generation, isDialled } = JSON.parse(line) as Order;
  const toldAt = process.hrtime.bigint();
  for (let index = from; index < from + count; index++) await tell(affiliateOf(index, generation, isDialled));
  process.stdout.write(`${toldAt}\n`);
}
client.close();
await server.stop();
