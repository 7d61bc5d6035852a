import type { Config } from "../../config/index.ts";
import { connect } from "../../discovery/effects/connect.ts";
import { serviceError } from "../../discovery/effects/service-error.ts";
import { locationOf } from "../../discovery/effects/service-location.ts";
import { version } from "../../system/version.ts";
import type { ServiceFact } from "../index.ts";

const helloTimeoutMs = 5_000;

/** Says Hello to each service, as the daemon does first. */
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
