import type { Status } from "../api/index.ts";
import { printable } from "../base/index.ts";
import type { Drawn, Sample } from "./family.ts";

type Registry = Status["registries"][number];

const labels = ["registry"] as const;

/** The most characters of a registry's name, which other nodes may have told. */
const longestName = 100;

const labelled = ({ name }: Registry, value: number): Sample => ({
  labels: { registry: printable(name, longestName) },
  value,
});

/** What of the last run stands in for registries is shown beside them, and is neither connected nor not. */
const connection = (registry: Registry): readonly Sample[] =>
  registry.phase === "cached" ? [] : [labelled(registry, Number(registry.phase === "connected"))];

export const perRegistry: readonly Drawn<Registry>[] = [
  {
    name: "kubespan_registry_connected",
    kind: "gauge",
    labels,
    help: "1 if the registry is connected and its changes are watched, else 0",
    draw: connection,
  },
  {
    name: "kubespan_registry_failing",
    kind: "gauge",
    labels,
    help: "1 if the registry has an error, also while it is connected",
    draw: (registry) => [labelled(registry, Number("error" in registry))],
  },
  {
    name: "kubespan_registry_affiliates",
    kind: "gauge",
    labels,
    help: "other nodes of which the registry tells",
    draw: (registry) => [labelled(registry, registry.affiliates)],
  },
  {
    name: "kubespan_registry_refused_affiliates",
    kind: "gauge",
    labels,
    help: "affiliates of the registry that were refused",
    draw: (registry) => [labelled(registry, registry.refused.length)],
  },
];
