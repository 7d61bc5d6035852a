// flood-process.ts FILE URL MEMBERS ADDRESS...: an attacker with the cluster's secret, which is in FILE, makes up
// members. It announces 16 endpoints of each to the service at URL, then one more at a time up to 64, at ports of these
// addresses. The process ends when the service knows them all.
import { createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { Metadata, status } from "@grpc/grpc-js";
import { Secret } from "../src/base/index.ts";
import { parseServiceURL } from "../src/config/index.ts";
import { codeOf, connect, request } from "../src/discovery/effects/index.ts";
import type { Affiliate } from "../src/discovery/index.ts";
import { sealAnnouncement } from "../src/discovery/index.ts";
import type { AffiliateUpdateResponse, ClusterClient } from "../src/discovery/wire/index.ts";
import { kubespanAddress } from "../src/identity/index.ts";
import { type Endpoint, parseEndpoint } from "../src/net/index.ts";
import type { Cluster } from "./config.ts";

const [file = "", url = "", members = "", ...addresses] = process.argv.slice(2);
const cluster = JSON.parse(readFileSync(file, "utf8")) as Cluster;
const secret = Secret.fromBase64(cluster.secret);
const location = parseServiceURL(url);
if (!location) throw new Error(`not a URL: ${url}`);
const service = { name: "flooded", ...location };
const { signal } = new AbortController();
const [firstEndpoints, mostEndpoints] = [16, 64];

/** The endpoints: each address at its first port, then each at its second, and so on. */
const endpoints = Array.from({ length: mostEndpoints }, (_, index): Endpoint => {
  const text = `${addresses[index % addresses.length]}:${1001 + Math.floor(index / addresses.length)}`;
  const endpoint = parseEndpoint(text);
  if (!endpoint) throw new Error(`not an endpoint: ${text}`);
  return endpoint;
});

function memberOf(number: number): Affiliate {
  const bytes = createHash("sha256").update(`member ${number}`).digest();
  const publicKey = Buffer.from(bytes);
  publicKey[31] = 64;
  return {
    nodeId: bytes.toString("hex").slice(0, 44),
    addresses: [],
    hostname: `made-up-${number}`,
    nodeName: `made-up-${number}`,
    machineType: "worker",
    operatingSystem: "",
    kubespan: {
      publicKey: publicKey.toString("base64"),
      address: kubespanAddress(cluster.id, `02:00:00:00:00:${number.toString(16).padStart(2, "0")}`),
      additionalAddresses: [],
      excludedNetworks: [],
      endpoints: [],
    },
  };
}

/** Announces a member, and repeats that when the service asks for a slower pace. */
async function tell(client: ClusterClient, own: Affiliate): Promise<void> {
  for (const update of sealAnnouncement(secret, { own, observed: new Map() }, undefined, randomBytes).updates)
    for (let isTold = false; !isTold; )
      try {
        await request<AffiliateUpdateResponse>(
          (done) =>
            client.affiliateUpdate(
              {
                clusterId: cluster.id,
                affiliateId: own.nodeId,
                affiliateData: update.data && Buffer.from(update.data),
                affiliateEndpoints: update.endpoints.map((endpoint) => Buffer.from(endpoint)),
                ttl: { seconds: 1800n, nanos: 0 },
              },
              new Metadata(),
              done,
            ),
          signal,
        );
        isTold = true;
      } catch (error) {
        if (codeOf(error) !== status.RESOURCE_EXHAUSTED) throw error;
        await setTimeout(50);
      }
}

async function makeUp(number: number): Promise<void> {
  const greeting = { clusterId: cluster.id, clientVersion: "flood", helloTimeoutMs: 60_000 };
  const { client } = await connect(service, greeting, signal);
  const member = memberOf(number);
  for (let count = firstEndpoints; count <= mostEndpoints; count++)
    await tell(client, {
      ...member,
      ...(member.kubespan && { kubespan: { ...member.kubespan, endpoints: endpoints.slice(0, count) } }),
    });
  client.close();
}

await Promise.all(Array.from({ length: Number(members) }, (_, number) => makeUp(number)));
