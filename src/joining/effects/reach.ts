import { errorText, type Secret, version } from "../../base/index.ts";
import type { ServiceConfig } from "../../config/index.ts";
import { connect, listAffiliates, serviceError } from "../../discovery/effects/index.ts";
import { openEnvelope } from "../../discovery/index.ts";
import { urlOf } from "../services.ts";

const helloTimeoutMs = 10_000;

/** The answer of a discovery service to a node that is about to join. */
export interface Reached {
  readonly url: string;
  /** The reason why the service is of no use; absent if it answered. */
  readonly problem?: string;
  /** The nodes of the cluster that it knows, and the numbers of what they said last. */
  readonly nodes: readonly { readonly id: string; readonly number?: number }[];
  /** The number of records that do not open with this secret. */
  readonly unopened: number;
}

/** Says Hello to a service, and asks it who is there. Never throws. */
export async function reach(
  service: ServiceConfig,
  { id: clusterId, secret }: { readonly id: string; readonly secret: Secret },
): Promise<Reached> {
  const url = urlOf(service);
  const { signal } = new AbortController();
  try {
    const greeting = { clusterId, clientVersion: `kubespan ${version}`, helloTimeoutMs };
    const { client } = await connect(service, greeting, signal);
    const listed = await listAffiliates(client, clusterId, signal).finally(() => client.close());
    const opened = listed
      .filter(({ data }) => data.length > 0)
      .map((envelope) => openEnvelope(secret, envelope));
    const nodes = opened.flatMap((each) => {
      if ("refused" in each || each.affiliate.membership?.farewells) return [];
      const { nodeId, membership } = each.affiliate;
      return [{ id: nodeId, ...(membership && { number: membership.number }) }];
    });
    return { url, nodes, unopened: opened.filter((each) => "refused" in each).length };
  } catch (thrown) {
    return { url, problem: errorText(serviceError(thrown, service)), nodes: [], unopened: 0 };
  }
}
