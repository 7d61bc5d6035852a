import { hostname } from "node:os";
import type { Config } from "../../config/index.ts";
import { apiError, isLate, openNodesApi, podNetworksIn } from "../../discovery/kubernetes/effects/index.ts";
import type { ServiceFact } from "../index.ts";

const timeoutMs = 15_000;

/** Reads the Node of this node, if Kubernetes is a registry. */
export async function observeKubernetes(config: Config | undefined): Promise<ServiceFact[]> {
  if (!config?.kubernetes) return [];
  const node = config.node.name ?? hostname().toLowerCase();
  let location = config.kubernetes.kubeconfig ?? "in the cluster";
  let proxy: string | undefined;
  try {
    const api = await openNodesApi(config.kubernetes);
    ({ location, proxy } = api);
    const podNetworks = podNetworksIn(await api.read(node, AbortSignal.timeout(timeoutMs)));
    return [{ location, node, podNetworks }];
  } catch (thrown) {
    const { message, hint } = apiError(thrown, location, proxy);
    return [{ location, node, error: { message, hint, isLate: isLate(thrown) } }];
  }
}
