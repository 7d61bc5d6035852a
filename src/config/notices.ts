import { decodeKey } from "../identity/index.ts";
import { isOnlyExclusions } from "./endpoint-filter.ts";
import { isExactMTU, mtuBounds } from "./mtu.ts";
import { type Notice, shown } from "./problem.ts";
import type { KindDocument, KindDocuments } from "./read-kinds.ts";
import type { SourceDocument } from "./yaml-source.ts";

/** What an operator should know of a configuration that is accepted: what is ignored, and what Talos takes otherwise. */
export const noticesOf = (found: KindDocuments): readonly Notice[] => [
  ...foreignKinds(found.foreign),
  ...found.notices,
  ...found.kubespan.flatMap((document) => [...mtuNotice(document), ...filterNotices(document)]),
  ...found.identity.flatMap(identityNotice),
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
  const given = Object(source.value).mtu;
  if (typeof given !== "number" || !value || given === 0 || isExactMTU(given)) return [];
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

function identityNotice({ source, value }: KindDocument<"DiscoveryIdentityConfig">): Notice[] {
  if (!value || decodeKey(value.clusterID) !== undefined) return [];
  const text =
    "clusterID is not the base64 text of 32 bytes, as Talos and kubespan make them; is it complete? It is used as it is";
  return [{ offset: source.offsetOf(["clusterID"]), text }];
}
