import type { Config } from "../config/index.ts";
import type { RegistryState } from "../discovery/index.ts";
import { bitsOf, type LeftOut, type Prefix, prefixFamily, unreachableNetwork } from "../net/index.ts";

/**
 * The configuration with `networks`, which are the pod networks that Kubernetes gave this node, among its advertised
 * prefixes, if `advertiseKubernetesNetworks` is set. From here on they are like prefixes that an operator configured.
 */
export function withPodNetworks(config: Config, networks: readonly Prefix[]): Config {
  if (!config.advertiseKubernetesNetworks) return config;
  const usable = networks.filter((network) => refusal(network, config) === undefined);
  return { ...config, advertisedPrefixes: [...new Set([...config.advertisedPrefixes, ...usable])] };
}

export const advertiseTheSame = (left: Config, right: Config): boolean =>
  left.advertisedPrefixes.join() === right.advertisedPrefixes.join();

/** The reasons why pod networks are not advertised although the configuration asks for it. */
export function podNetworksLeftOut(config: Config, states: readonly RegistryState[]): LeftOut[] {
  if (!config.advertiseKubernetesNetworks) return [];
  const value = "pod networks";
  if (config.podNetworks.source === "node" && config.advertisedPrefixes.length > 0) return [];
  if (!config.kubernetes) return [{ value, reason: "kubernetes is not enabled in KubeSpanDaemonConfig" }];
  const networks = states.flatMap((state) => state.podNetworks ?? []);
  if (networks.length === 0) return [{ value, reason: "Kubernetes has not told any for this node" }];
  return networks.flatMap((network): LeftOut[] => {
    const reason = refusal(network, config);
    return reason === undefined ? [] : [{ value: `pod network ${network}`, reason }];
  });
}

/** The reason why other nodes would refuse a network; `undefined` if they would not. */
function refusal(network: Prefix, { widestPrefix }: Config): string | undefined {
  const widest = prefixFamily(network) === 4 ? widestPrefix.ipv4 : widestPrefix.ipv6;
  if (bitsOf(network) < widest) return `wider than /${widest} (widestPrefix)`;
  return unreachableNetwork(network);
}
