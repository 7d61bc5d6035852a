import { kindOf } from "../kind.ts";

export const conflicts = kindOf({
  type: "Conflicts.kubespan",
  namespace: "kubespan",
  aliases: ["warning", "warnings"],
  columns: { Who: "who", What: "what" },
  inputs: ["KubeSpanPeerSpecs.kubespan.talos.dev", "Rules.kubespan", "Registries.kubespan"],
  description: "whom and what the mesh is in conflict with, and who is refused",
  draw: ({ status }) => {
    const found = [
      ...status.warnings,
      ...status.refusedAffiliates.map(({ label, nodeId, reason }) => ({
        who: label,
        what: `node ${nodeId} is refused: ${reason}`,
      })),
    ];
    const seen = new Map<string, number>();
    return found.map((spec) => {
      const times = (seen.get(spec.who) ?? 0) + 1;
      seen.set(spec.who, times);
      return { id: times === 1 ? spec.who : `${spec.who} (${times})`, spec: { ...spec } };
    });
  },
});
