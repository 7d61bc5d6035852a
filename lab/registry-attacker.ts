import { readFileSync, writeFileSync } from "node:fs";
import { Metadata } from "@grpc/grpc-js";
import { parseServiceURL } from "../src/config/index.ts";
import { connect, request } from "../src/discovery/effects/index.ts";
import type {
  AffiliateDeleteResponse,
  AffiliateUpdateResponse,
  ListResponse,
} from "../src/discovery/wire/index.ts";

/**
 * This process does what anyone who knows only a cluster's id can do: it lists what the service has, keeps it, deletes
 * it, and puts it back later. It prints one line when it is done.
 */
const [verb = "", url = "", clusterId = "", file = ""] = process.argv.slice(2);
const location = parseServiceURL(url);
if (!location) throw new Error(`not a URL: ${url}`);

interface Kept {
  readonly id: string;
  readonly data: string;
  readonly endpoints: readonly string[];
}

const { signal } = new AbortController();
const options = { deadline: Date.now() + 60_000 };
const greeting = { clusterId, clientVersion: "attacker", helloTimeoutMs: 30_000 };
const { client } = await connect({ name: "attacked", ...location }, greeting, signal);
const list = async (): Promise<Kept[]> => {
  const { affiliates } = await request<ListResponse>(
    (done) => client.list({ clusterId }, new Metadata(), options, done),
    signal,
  );
  return affiliates.map(({ id, data, endpoints }) => ({
    id,
    data: Buffer.from(data).toString("base64"),
    endpoints: endpoints.map((endpoint) => Buffer.from(endpoint).toString("base64")),
  }));
};
const remove = (affiliateId: string) =>
  request<AffiliateDeleteResponse>(
    (done) => client.affiliateDelete({ clusterId, affiliateId }, new Metadata(), options, done),
    signal,
  );
const put = ({ id, data, endpoints }: Kept) =>
  request<AffiliateUpdateResponse>(
    (done) =>
      client.affiliateUpdate(
        {
          clusterId,
          affiliateId: id,
          affiliateData: Buffer.from(data, "base64"),
          affiliateEndpoints: endpoints.map((endpoint) => Buffer.from(endpoint, "base64")),
          ttl: { seconds: 1800n, nanos: 0 },
        },
        new Metadata(),
        options,
        done,
      ),
    signal,
  );

if (verb === "keep") writeFileSync(file, JSON.stringify(await list()));
else if (verb === "delete") for (const { id } of await list()) await remove(id);
else if (verb === "replay")
  for (const each of JSON.parse(readFileSync(file, "utf8")) as Kept[]) await put(each);
else throw new Error(`keep, delete or replay, not ${verb}`);
client.close();
process.stdout.write("done\n");
