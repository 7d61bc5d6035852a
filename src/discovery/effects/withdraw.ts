import { Metadata } from "@grpc/grpc-js";
import type { ServiceConfig } from "../../config/config.ts";
import type { AffiliateDeleteResponse } from "../wire/generated/server.ts";
import { connect } from "./connect.ts";
import { request } from "./service-client.ts";
import { serviceError } from "./service-error.ts";

interface Farewell {
  readonly clusterId: string;
  readonly affiliateId: string;
  readonly clientVersion: string;
}

/** Someone waits for the node to leave: better tell nobody than take long. */
const timeoutMs = 3_000;

/**
 * Deletes an affiliate over a connection of its own. Throws `KubespanError("discovery")` when the service cannot be
 * told; it then forgets the node by itself, half an hour after it last heard of it.
 */
export async function withdrawAffiliate(service: ServiceConfig, farewell: Farewell): Promise<void> {
  const { signal } = new AbortController();
  try {
    const { client } = await connect(service, { ...farewell, helloTimeoutMs: timeoutMs }, signal);
    try {
      await request<AffiliateDeleteResponse>(
        (done) =>
          client.affiliateDelete(
            { clusterId: farewell.clusterId, affiliateId: farewell.affiliateId },
            new Metadata(),
            { deadline: Date.now() + timeoutMs },
            done,
          ),
        signal,
      );
    } finally {
      client.close();
    }
  } catch (error) {
    throw serviceError(error, service);
  }
}
