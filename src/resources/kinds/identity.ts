import { kindOf } from "../kind.ts";

export const identities = kindOf({
  type: "Identities.cluster.talos.dev",
  namespace: "cluster",
  columns: { "Node ID": "nodeId", Hostname: "hostname" },
  inputs: [],
  description: "this node's id for the registries",
  draw: ({ self: { nodeId, hostname } }) => [{ id: "local", spec: { nodeId, hostname } }],
});
