import { bitsOf, type Prefix, prefixFamily } from "../net/index.ts";
import { bounds } from "./bounds.ts";
import { type Problem, shown, suggestion } from "./problem.ts";
import type { KindDocument, KindDocuments } from "./read-kinds.ts";

/**
 * The problems between documents that are correct by themselves. `incomplete` says that some document could not be
 * read.
 */
export function consistencyProblems(found: KindDocuments, incomplete: boolean): Problem[] {
  return [
    ...repeated("KubeSpanConfig", found.kubespan),
    ...repeated("KubeSpanEndpointsConfig", found.endpoints),
    ...repeated("DiscoveryIdentityConfig", found.identity),
    ...repeated("KubeSpanDaemonConfig", found.daemon),
    ...repeatedServiceNames(found),
    ...unknownServicesOfCAFiles(found),
    ...tooWidePrefixes(found),
    ...tooMuchInAll(found),
    ...(incomplete ? [] : missingDocuments(found)),
  ];
}

interface Found {
  readonly source: { readonly offset: number };
}

const repeated = (kind: string, documents: readonly Found[]): Problem[] =>
  documents.slice(1).map(({ source }) => ({
    offset: source.offset,
    text: `a second ${kind}; expected at most one in the file`,
  }));

function missingDocuments({ kubespan, identity, services, daemon }: KindDocuments): Problem[] {
  const problems: Problem[] = [];
  if (identity.length === 0)
    problems.push({
      offset: 0,
      text:
        "no DiscoveryIdentityConfig; expected one with clusterID and clusterSecret, the same on all nodes " +
        "('kubespan gen config' makes them)",
    });
  const enabling = kubespan.find(({ value }) => value?.enabled);
  const hasKubernetes = daemon.some(({ value }) => value === undefined || value.kubernetes.enabled);
  if (enabling && services.length === 0 && !hasKubernetes)
    problems.push({
      offset: enabling.source.offsetOf(["enabled"]),
      text:
        "enabled is true, but no registry tells about other nodes; expected a DiscoveryServiceConfig, " +
        "or kubernetes.enabled in KubeSpanDaemonConfig",
    });
  return problems;
}

function repeatedServiceNames({ services }: KindDocuments): Problem[] {
  const seen = new Set<string>();
  return services.flatMap(({ source, value }) => {
    if (value === undefined) return [];
    const isNew = !seen.has(value.name);
    seen.add(value.name);
    const text = `name ${shown(value.name)} stands in another DiscoveryServiceConfig too; expected a name of its own`;
    return isNew ? [] : [{ offset: source.offsetOf(["name"]), text }];
  });
}

function unknownServicesOfCAFiles({ daemon, services }: KindDocuments): Problem[] {
  if (services.some(({ value }) => value === undefined)) return [];
  const names = services.flatMap(({ value }) => (value ? [value.name] : []));
  return daemon.flatMap(({ source, value }) =>
    Object.keys(value?.serviceCAFiles ?? {})
      .filter((name) => !names.includes(name))
      .map((name) => ({
        offset: source.offsetOf(["serviceCAFiles", name], "key"),
        text: `serviceCAFiles: no DiscoveryServiceConfig is named ${shown(name)}${suggestion(name, names)}`,
      })),
  );
}

/** The advertised prefixes that other nodes would refuse. The operator learns of them here, not from a silent mesh. */
const tooWidePrefixes = ({ daemon }: KindDocuments): Problem[] => daemon.flatMap(tooWideIn);

function tooWideIn({ source, value }: KindDocument<"KubeSpanDaemonConfig">): Problem[] {
  return (value?.advertisedPrefixes ?? []).flatMap((prefix, index) => {
    const family = prefixFamily(prefix) === 4 ? "ipv4" : "ipv6";
    const widest = value?.widestPrefix[family] ?? 0;
    if (bitsOf(prefix) >= widest) return [];
    return [
      {
        offset: source.offsetOf(["advertisedPrefixes", index]),
        text:
          `advertisedPrefixes[${index}] is ${prefix}, wider than /${widest}; ` +
          `expected narrower ones, or a smaller widestPrefix.${family} on all nodes`,
      },
    ];
  });
}

/**
 * The problem that all advertised prefixes together hold too many addresses, as other nodes count them
 * (`bounds.widestNetworks`).
 */
const tooMuchInAll = ({ daemon }: KindDocuments): Problem[] =>
  daemon.flatMap(({ source, value }) =>
    ([4, 6] as const).flatMap((family) => {
      const widest = value?.widestPrefix[family === 4 ? "ipv4" : "ipv6"] ?? 0;
      const prefixes = (value?.advertisedPrefixes ?? []).filter(
        (prefix) => prefixFamily(prefix) === family && bitsOf(prefix) >= widest,
      );
      if (shareOf(prefixes, widest) <= bounds.widestNetworks) return [];
      const text =
        `advertisedPrefixes hold more IPv${family} addresses than ${bounds.widestNetworks} networks of /${widest}, ` +
        `the most that others believe of one node; expected fewer, or a smaller widestPrefix.ipv${family} on all nodes`;
      return [{ offset: source.offsetOf(["advertisedPrefixes"]), text }];
    }),
  );

/** The size of the prefixes together, in networks of `widest` bits. */
const shareOf = (prefixes: readonly Prefix[], widest: number): number =>
  prefixes.reduce((sum, prefix) => sum + 2 ** (widest - bitsOf(prefix)), 0);
