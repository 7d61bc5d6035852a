import type { Cluster } from "@kubernetes/client-node";
import { type KubernetesConfig, proxyFor, proxyText, proxyUrl } from "../../../config/index.ts";
import { parseHostPort } from "../../../net/index.ts";

/**
 * Sets the proxy through which the library reaches the API: that of the kubeconfig, or else that of the configuration or
 * the environment, which the library does not read. Gives the name of the proxy, without its password.
 */
export function useProxy(cluster: Cluster | null, { proxies }: KubernetesConfig): string | undefined {
  if (!cluster) return undefined;
  if (cluster.proxyUrl !== undefined && cluster.proxyUrl !== "") return nameOf(cluster.proxyUrl);
  const server = URL.canParse(cluster.server) ? new URL(cluster.server) : undefined;
  const tls = server?.protocol !== "http:";
  const location = server && parseHostPort(server.host, tls ? 443 : 80);
  const proxy = location && proxyFor(proxies, { ...location, tls });
  if (!proxy) return undefined;
  Object.assign(cluster, { proxyUrl: proxyUrl(proxy) });
  return proxyText(proxy);
}

function nameOf(url: string): string {
  if (!URL.canParse(url)) return "of the kubeconfig";
  const { protocol, host } = new URL(url);
  return `${protocol}//${host}`;
}
