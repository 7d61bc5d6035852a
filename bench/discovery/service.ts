import { randomBytes } from "node:crypto";
import { createInterface } from "node:readline";
import { credentials } from "@grpc/grpc-js";
import { pino } from "pino";
import { Secret } from "../../src/base/index.ts";
import type { Affiliate } from "../../src/discovery/index.ts";
import { sealAnnouncement } from "../../src/discovery/index.ts";
import { ClusterClient } from "../../src/discovery/wire/index.ts";
import { startDiscoveryServer } from "../../src/discovery-server/effects/index.ts";
import type { Order } from "./order.ts";

/**
 * A discovery service with affiliates that no node stands behind. It runs in a namespace of the lab, reads one order
 * from each line of standard input, and answers with the time, on the monotonic clock in nanoseconds, at which the
 * service was told.
 */
const [host = "", clusterId = "", clusterSecret = ""] = process.argv.slice(2);
const secret = Secret.fromBase64(clusterSecret);
const unlimited = { perSecond: 1e6, burst: 1e6 };
const server = await startDiscoveryServer({
  listen: { host, port: 3000 },
  log: pino({ level: "silent" }),
  bounds: { rate: unlimited },
});
const client = new ClusterClient(`${host}:${server.port}`, credentials.createInsecure());

const known = <Value>(value: Value | undefined): Value => {
  if (value === undefined) throw new Error("an announcement without content");
  return value;
};

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

const forget = (affiliateId: string): Promise<void> =>
  new Promise((resolve, reject) => {
    client.affiliateDelete({ clusterId, affiliateId }, (error) => (error ? reject(error) : resolve()));
  });

process.stdout.write("ready\n");
for await (const line of createInterface({ input: process.stdin })) {
  const { tell: affiliates, forget: ids } = JSON.parse(line) as Order;
  const toldAt = process.hrtime.bigint();
  for (const affiliate of affiliates) await tell(affiliate);
  for (const id of ids) await forget(id);
  process.stdout.write(`${toldAt}\n`);
}
client.close();
await server.stop();
