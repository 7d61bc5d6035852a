import { Metadata } from "@grpc/grpc-js";
import type { ServiceConfig } from "../../config/index.ts";
import type { AffiliateDeleteResponse, AffiliateUpdateResponse } from "../wire/index.ts";
import { connect } from "./connect.ts";
import { request } from "./service-client.ts";
import { serviceError } from "./service-error.ts";

/** This node, or another one that is gone. */
interface LeavingNode {
  readonly clusterId: string;
  readonly affiliateId: string;
  readonly clientVersion: string;
}

/** The limit for each request, which is short, as an operator waits for the node to leave. */
const timeoutMs = 3_000;

/** The seconds for which the service keeps a farewell, for nodes that are away now. */
const farewellSeconds = 600n;

/**
 * Deletes an affiliate over a connection of its own, or puts a sealed farewell in its place. Throws
 * `KubespanError("discovery")` if the service cannot be told. The service then forgets the node by itself, half an hour
 * after the last update.
 */
export async function withdrawAffiliate(
  service: ServiceConfig,
  node: LeavingNode,
  farewell?: Uint8Array,
): Promise<void> {
  const { signal } = new AbortController();
  try {
    const { client } = await connect(service, { ...node, helloTimeoutMs: timeoutMs }, signal);
    try {
      const { clusterId, affiliateId } = node;
      const options = { deadline: Date.now() + timeoutMs };
      if (farewell) {
        const update = {
          clusterId,
          affiliateId,
          affiliateData: Buffer.from(farewell),
          affiliateEndpoints: [],
          ttl: { seconds: farewellSeconds, nanos: 0 },
        };
        await request<AffiliateUpdateResponse>(
          (done) => client.affiliateUpdate(update, new Metadata(), options, done),
          signal,
        );
      } else
        await request<AffiliateDeleteResponse>(
          (done) => client.affiliateDelete({ clusterId, affiliateId }, new Metadata(), options, done),
          signal,
        );
    } finally {
      client.close();
    }
  } catch (error) {
    throw serviceError(error, service);
  }
}
