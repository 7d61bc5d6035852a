import { Metadata } from "@grpc/grpc-js";
import type { Envelope } from "../envelope.ts";
import type { ClusterClient, ListResponse } from "../wire/index.ts";
import { request } from "./service-client.ts";

const timeoutMs = 5_000;

/** The records that a service holds of a cluster at the moment. */
export async function listAffiliates(
  client: ClusterClient,
  clusterId: string,
  signal: AbortSignal,
): Promise<readonly Envelope[]> {
  const { affiliates } = await request<ListResponse>(
    (done) => client.list({ clusterId }, new Metadata(), { deadline: Date.now() + timeoutMs }, done),
    signal,
  );
  return affiliates;
}
