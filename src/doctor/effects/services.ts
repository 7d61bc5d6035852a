import { version } from "../../base/index.ts";
import type { Config } from "../../config/index.ts";
import {
  type Connection,
  connect,
  isLate,
  listAffiliates,
  locationOf,
  serviceError,
} from "../../discovery/effects/index.ts";
import { openEnvelope, secretsOf } from "../../discovery/index.ts";
import type { ServiceFact } from "../index.ts";

const helloTimeoutMs = 15_000;

/**
 * Asks each service what the daemon asks it first: Hello, and the records of the cluster. `ownId` is the id of this node,
 * if it has one already.
 */
export const observeServices = (
  config: Config | undefined,
  ownId: string | undefined,
): Promise<ServiceFact[]> =>
  Promise.all(
    (config?.services ?? []).flatMap((service) => (config ? greet(service, config.cluster, ownId) : [])),
  );

async function greet(
  service: Config["services"][number],
  cluster: Config["cluster"],
  ownId: string | undefined,
): Promise<ServiceFact> {
  const location = locationOf(service);
  const { signal } = new AbortController();
  const { id: clusterId } = cluster;
  try {
    const greeting = { clusterId, clientVersion: `kubespan ${version}`, helloTimeoutMs };
    const { client, reflected } = await connect(service, greeting, signal);
    const listed = await readRecords(client, { cluster, ownId }, signal).finally(() => client.close());
    return { location, ...listed, ...(reflected !== undefined && { reflected }) };
  } catch (thrown) {
    const { message, hint } = serviceError(thrown, service);
    return { location, error: { message, hint, isLate: isLate(thrown) } };
  }
}

interface Asked {
  readonly cluster: Config["cluster"];
  readonly ownId: string | undefined;
}

/** Reads the records of the cluster; nothing where the service does not list them, which the daemon does not need. */
async function readRecords(
  client: Connection["client"],
  { cluster, ownId }: Asked,
  signal: AbortSignal,
): Promise<Pick<ServiceFact, "records" | "refusedBy">> {
  try {
    const listed = await listAffiliates(client, cluster.id, signal);
    const sealed = listed.filter(({ data }) => data.length > 0);
    const opened = sealed.flatMap((envelope) => {
      const result = openEnvelope(secretsOf(cluster), envelope);
      return "refused" in result ? [] : result.affiliate;
    });
    const refusedBy = opened.flatMap(({ hostname, nodeId, membership }) =>
      (membership?.refusals ?? []).flatMap((refusal) =>
        refusal.nodeId === ownId ? { label: hostname || nodeId, reason: refusal.reason } : [],
      ),
    );
    return {
      records: {
        all: sealed.length,
        opened: opened.length,
        others: listed.filter(({ id }) => id !== ownId).length,
      },
      ...(refusedBy.length > 0 && { refusedBy }),
    };
  } catch {
    return {};
  }
}
