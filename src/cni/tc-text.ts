import type { Redirect } from "./facts.ts";

/** The links at which filters may be, from `tc qdisc show`. */
export const linksWithFilters = (text: string): string[] => [
  ...new Set([...text.matchAll(/^qdisc (?:clsact|ingress) \S+ dev (\S+) /gm)].map(([, name = ""]) => name)),
];

/** The programs of Cilium and Calico in `tc filter show dev LINK ingress`. */
export const cniProgramsIn = (text: string): string[] => [
  ...new Set([...text.matchAll(/\b((?:cil|cali|bpf_netdev)_\w{1,64})/g)].map(([, name = ""]) => name)),
];

/** The redirections in `tc filter show dev LINK ingress`. */
export const redirectsIn = (link: string, text: string): Redirect[] => [
  ...new Map(
    [...text.matchAll(/mirred \(Egress Redirect to device (\S+)\)/g)].map(([, to = ""]) => [
      to,
      { link, to },
    ]),
  ).values(),
];
