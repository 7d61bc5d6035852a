import { version } from "../../base/index.ts";
import type { Config } from "../../config/index.ts";
import { connect, locationOf, serviceError } from "../../discovery/effects/index.ts";
import type { ServiceFact } from "../index.ts";

const helloTimeoutMs = 5_000;

/** Sends Hello to each service, which is the daemon's first request, too. */
export const observeServices = (config: Config | undefined): Promise<ServiceFact[]> =>
  Promise.all((config?.services ?? []).map((service) => greet(service, config?.cluster.id ?? "")));

async function greet(service: Config["services"][number], clusterId: string): Promise<ServiceFact> {
  const location = locationOf(service);
  const { signal } = new AbortController();
  try {
    const greeting = { clusterId, clientVersion: `kubespan ${version}`, helloTimeoutMs };
    const { client, reflected } = await connect(service, greeting, signal);
    client.close();
    return { location, ...(reflected !== undefined && { reflected }) };
  } catch (thrown) {
    const { message, hint } = serviceError(thrown, service);
    return { location, error: { message, hint } };
  }
}
