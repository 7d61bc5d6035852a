import { Secret, uncompiled } from "../base/index.ts";
import { decodeKey } from "../identity/index.ts";
import type { Config, MachineType, NodeConfig, ServiceConfig } from "./config.ts";
import { isUndialled } from "./extra-endpoint.ts";
import { type KindValue, schemas } from "./kinds.ts";
import type { Proxies } from "./proxy.ts";
import type { KindDocuments } from "./read-kinds.ts";

/**
 * The configuration that the checked documents form together; `undefined` without a cluster identity. `environment` has
 * the proxies that count where the documents name none.
 */
export function assemble(found: KindDocuments, environment: Proxies): Config | undefined {
  const identity = found.identity[0]?.value;
  const secret = identity && decodeKey(identity.clusterSecret);
  if (!identity || !secret) return undefined;
  const kubespan =
    valueOf(found.kubespan) ?? schemas.KubeSpanConfig.parse(empty("KubeSpanConfig"), uncompiled);
  const daemon =
    valueOf(found.daemon) ?? schemas.KubeSpanDaemonConfig.parse(empty("KubeSpanDaemonConfig"), uncompiled);
  const extra = valueOf(found.endpoints)?.extraAnnouncedEndpoints ?? [];
  const proxies = proxiesOf(daemon, environment);
  return {
    enabled: kubespan.enabled,
    advertiseKubernetesNetworks: kubespan.advertiseKubernetesNetworks,
    allowDownPeerBypass: kubespan.allowDownPeerBypass,
    harvestExtraEndpoints: kubespan.harvestExtraEndpoints,
    mtu: kubespan.mtu,
    endpointFilters: kubespan.filters.endpoints,
    excludeAdvertisedNetworks: kubespan.filters.excludeAdvertisedNetworks,
    extraAnnouncedEndpoints: extra.filter((each) => typeof each === "string"),
    extraAnnouncedNames: extra.flatMap((each) => (typeof each === "string" || isUndialled(each) ? [] : each)),
    cluster: { id: identity.clusterID, secret: new Secret(secret), ...acceptedOf(daemon, secret) },
    services: found.services.flatMap(({ value }) =>
      value ? [{ ...serviceOf(value, daemon), ...proxies }] : [],
    ),
    ...kubernetesOf(daemon, proxies),
    ...discoveryOf(daemon),
    ...(daemon.stunServer && { stun: daemon.stunServer }),
    interfaceName: daemon.interfaceName,
    listenPort: daemon.listenPort,
    wireguard: daemon.wireguard,
    keepalive: daemon.keepalive,
    advertisedPrefixes: daemon.advertisedPrefixes,
    otherNetworks: daemon.nonPodNetworks,
    localNetworks: daemon.localNetworks,
    allowLocalMachineBypass: daemon.allowLocalMachineBypass,
    answerOutside: daemon.answerOutside,
    strictIngress: daemon.strictIngress,
    portMapping: daemon.portMapping,
    portGuessing: daemon.portGuessing,
    matrix: daemon.matrix,
    pathMTU: daemon.pathMTU,
    registriesOutside: daemon.registriesOutside,
    podNetworks: daemon.podNetworks,
    routing: daemon.routing,
    marks: daemon.marks,
    widestPrefix: daemon.widestPrefix,
    members: daemon.members,
    ...(daemon.operatorKeys.length > 0 && { operatorKeys: daemon.operatorKeys }),
    node: nodeOf(daemon, found.machineType),
    connect: daemon.connect,
    relay: daemon.relay,
    dial: { ...daemon.dial, filters: kubespan.filters.peerEndpoints },
    ...metricsOf(daemon),
    stateDirectory: daemon.stateDirectory,
    runDirectory: daemon.runDirectory,
    ...(daemon.socketGroup !== undefined && { socketGroup: daemon.socketGroup }),
    log: daemon.log,
  };
}

type DaemonValue = KindValue<"KubeSpanDaemonConfig">;

const empty = (kind: string) => ({ apiVersion: "v1alpha1", kind });

const valueOf = <V>(documents: readonly { readonly value?: V }[]): V | undefined => documents[0]?.value;

function serviceOf(
  { name, endpoint }: KindValue<"DiscoveryServiceConfig">,
  daemon: DaemonValue,
): ServiceConfig {
  const caFile = Object.hasOwn(daemon.serviceCAFiles, name) ? daemon.serviceCAFiles[name] : undefined;
  return { name, ...endpoint, ...(caFile === undefined ? {} : { caFile }) };
}

function kubernetesOf(
  { kubernetes }: DaemonValue,
  proxies: { readonly proxies?: Proxies },
): Pick<Config, "kubernetes"> {
  const { enabled, kubeconfig, apiServers } = kubernetes;
  const more = apiServers.length > 0 && { apiServers };
  const given = { ...more, ...(kubeconfig !== undefined && { kubeconfig }), ...proxies };
  return enabled ? { kubernetes: given } : {};
}

function discoveryOf({ discovery }: DaemonValue): Pick<Config, "discovery"> {
  const { announce, authority } = discovery;
  const given = { ...(announce && { announce }), ...(authority !== undefined && { authority }) };
  return Object.keys(given).length > 0 ? { discovery: given } : {};
}

const metricsOf = ({ metrics }: DaemonValue): Pick<Config, "metrics"> => {
  const { listen, peers, page, names } = metrics;
  return listen ? { metrics: { listen, peers, page, names } } : {};
};

function proxiesOf({ proxy }: DaemonValue, environment: Proxies): { readonly proxies?: Proxies } {
  const { url, except } = proxy;
  const hasAny = environment.https !== undefined || environment.http !== undefined;
  if (url === undefined) return hasAny ? { proxies: environment } : {};
  return url === "none" ? {} : { proxies: { https: url, http: url, except } };
}

const nodeOf = ({ node }: DaemonValue, ofTalos: MachineType = "unknown"): NodeConfig => ({
  machineType: node.machineType === "unknown" ? ofTalos : node.machineType,
  ...(node.name === undefined ? {} : { name: node.name }),
  ...(node.apiServerPort === undefined ? {} : { apiServerPort: node.apiServerPort }),
});

/** The further secrets; that which seals is none of them. */
function acceptedOf(
  { acceptSecrets }: DaemonValue,
  own: Uint8Array,
): { readonly accepted?: readonly Secret[] } {
  const secrets = acceptSecrets.flatMap((text) => {
    const bytes = decodeKey(text);
    return bytes && !Buffer.from(bytes).equals(own) ? new Secret(bytes) : [];
  });
  return secrets.length === 0 ? {} : { accepted: secrets };
}
