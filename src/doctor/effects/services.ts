import { version } from "../../base/index.ts";
import type { Config } from "../../config/index.ts";
import { connect, isLate, listAffiliates, locationOf, serviceError } from "../../discovery/effects/index.ts";
import { openEnvelope } from "../../discovery/index.ts";
import type { ServiceFact } from "../index.ts";

const helloTimeoutMs = 15_000;

/** Asks each service what the daemon asks it first: Hello, and the records of the cluster. */
export const observeServices = (config: Config | undefined): Promise<ServiceFact[]> =>
  Promise.all((config?.services ?? []).flatMap((service) => (config ? greet(service, config.cluster) : [])));

async function greet(
  service: Config["services"][number],
  { id: clusterId, secret }: Config["cluster"],
): Promise<ServiceFact> {
  const location = locationOf(service);
  const { signal } = new AbortController();
  try {
    const greeting = { clusterId, clientVersion: `kubespan ${version}`, helloTimeoutMs };
    const { client, reflected } = await connect(service, greeting, signal);
    const records = await countRecords(client, { clusterId, secret }, signal).finally(() => client.close());
    return { location, ...(records && { records }), ...(reflected !== undefined && { reflected }) };
  } catch (thrown) {
    const { message, hint } = serviceError(thrown, service);
    return { location, error: { message, hint, isLate: isLate(thrown) } };
  }
}

/** Counts the records of the cluster; `undefined` where the service does not list them, which the daemon does not need. */
async function countRecords(
  client: Parameters<typeof listAffiliates>[0],
  { clusterId, secret }: { readonly clusterId: string; readonly secret: Config["cluster"]["secret"] },
  signal: AbortSignal,
): Promise<ServiceFact["records"]> {
  try {
    const listed = await listAffiliates(client, clusterId, signal);
    const sealed = listed.filter(({ data }) => data.length > 0);
    const opened = sealed.filter((envelope) => !("refused" in openEnvelope(secret, envelope))).length;
    return { all: sealed.length, opened };
  } catch {
    return undefined;
  }
}
