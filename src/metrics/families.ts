import { type Drawn, type Family, type FamilyName, familiesOf } from "./family.ts";
import type { Metered } from "./metered.ts";
import { ofNode } from "./node.ts";
import { peersOfLink, perPeer, perPeerOfExporter } from "./peers.ts";
import { perRegistry } from "./registries.ts";

/** Makes all families of metrics; with `peers`, also those with series for each peer. */
export function metricsOf(metered: Metered, { peers }: { readonly peers: boolean }): readonly Family[] {
  const { status, now } = metered;
  return [
    ...familiesOf(ofNode, [metered]),
    ...familiesOf(perRegistry, status.registries),
    ...(peers ? familiesOf([...perPeer, ...perPeerOfExporter], peersOfLink(status, now)) : []),
  ];
}

const row = ({ name, kind, labels, help }: FamilyName): string => {
  const shown = labels.map((label) => `\`${label}\``).join(", ");
  return `| \`${name}\` | ${kind} | ${shown || "-"} | ${help} |`;
};

const table = (title: string, drawn: readonly Drawn<never>[]): string =>
  [`## ${title}`, "", "| name | kind | labels | meaning |", "|---|---|---|---|", ...drawn.map(row), ""].join(
    "\n",
  );

/** The tables of docs/metrics.md, which list every name. */
export const metricsReference = (): string =>
  [
    table("The node and all peers together", ofNode),
    table("Each registry", perRegistry),
    table("Each peer", perPeer),
    table("Each peer, under the names of prometheus_wireguard_exporter", perPeerOfExporter),
  ].join("\n");
