import { decodeKey } from "../identity/index.ts";
import { hostPortText } from "../net/index.ts";
import { isOnlyExclusions } from "./endpoint-filter.ts";
import { isUndialled } from "./extra-endpoint.ts";
import { isExactMTU, mtuBounds, mtuIn } from "./mtu.ts";
import { type Notice, shown } from "./problem.ts";
import type { KindDocument, KindDocuments } from "./read-kinds.ts";
import { parseServiceURL } from "./service-url.ts";
import type { SourceDocument } from "./yaml-source.ts";

/** What an operator should know of a configuration that is accepted: what is ignored, and what Talos takes otherwise. */
export const noticesOf = (found: KindDocuments): readonly Notice[] => [
  ...foreignKinds(found.foreign),
  ...found.notices,
  ...found.kubespan.flatMap((document) => [...mtuNotice(document), ...filterNotices(document)]),
  ...found.endpoints.flatMap(undialledNotices),
  ...found.identity.flatMap(identityNotice),
  ...found.services.flatMap(serviceNotice),
];

/** The documents of other programs are named once, all together. */
function foreignKinds(foreign: readonly SourceDocument[]): Notice[] {
  const [first] = foreign;
  if (!first) return [];
  const kinds = [...new Set(foreign.map(({ value }) => shown(Object(value).kind)))];
  const named = kinds.slice(0, mostNamed).join(", ");
  const more = kinds.length > mostNamed ? ` and ${kinds.length - mostNamed} more` : "";
  return [
    {
      offset: first.offset,
      text: `documents of kinds that are none of kubespan's are ignored: ${named}${more}`,
    },
  ];
}

const mostNamed = 20;

function mtuNotice({ source, value }: KindDocument<"KubeSpanConfig">): Notice[] {
  const given = mtuIn(Object(source.value).mtu);
  if (!given || !value || isExactMTU(given)) return [];
  const { least, most } = mtuBounds;
  const text = `mtu is ${given}; a link that carries IPv6 has ${least} to ${most}, and ${value.mtu} is used`;
  return [{ offset: source.offsetOf(["mtu"]), text }];
}

/** The notices about lists that name nothing to keep: Talos then keeps nothing, and here all else is kept. */
function filterNotices({ source, value }: KindDocument<"KubeSpanConfig">): Notice[] {
  const given = Object(Object(source.value).filters);
  return (["endpoints", "peerEndpoints"] as const).flatMap((name) => {
    const isList = Array.isArray(given[name]);
    if (!isList || !value || !isOnlyExclusions(value.filters[name])) return [];
    const text = `filters.${name} names nothing to keep: all else is kept here, and nothing on a Talos node; add 0.0.0.0/0 and ::/0 for one meaning`;
    return [{ offset: source.offsetOf(["filters", name]), text }];
  });
}

/** The notices about extra endpoints that Talos announces, too, and nobody can dial. */
const undialledNotices = ({ source, value }: KindDocument<"KubeSpanEndpointsConfig">): Notice[] =>
  (value?.extraAnnouncedEndpoints ?? []).flatMap((extra, index) => {
    if (!isUndialled(extra)) return [];
    const given = shown(Object(source.value).extraAnnouncedEndpoints[index]);
    const text = `extraAnnouncedEndpoints[${index}] is ${given}, which is ${extra.undialled}; no other node can dial it, and it is not announced`;
    return [{ offset: source.offsetOf(["extraAnnouncedEndpoints", index]), text }];
  });

function serviceNotice({ source, value }: KindDocument<"DiscoveryServiceConfig">): Notice[] {
  const given = String(Object(source.value).endpoint);
  if (!value || parseServiceURL(given)) return [];
  const { host, port, tls } = value.endpoint;
  const read = `${tls ? "https" : "http"}://${hostPortText({ host, port })}/`;
  return [{ offset: source.offsetOf(["endpoint"]), text: `endpoint is read as ${read}, as Talos does` }];
}

function identityNotice({ source, value }: KindDocument<"DiscoveryIdentityConfig">): Notice[] {
  if (!value || decodeKey(value.clusterID) !== undefined) return [];
  const text =
    "clusterID is not the base64 text of 32 bytes, as Talos and kubespan make them; is it complete? It is used as it is";
  return [{ offset: source.offsetOf(["clusterID"]), text }];
}
