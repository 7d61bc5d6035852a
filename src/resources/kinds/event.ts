import { kindOf } from "../kind.ts";

export const events = kindOf({
  type: "Events.kubespan",
  namespace: "kubespan",
  columns: { Time: "at", Level: "level", Text: "text" },
  inputs: ["KubeSpanPeerStatuses.kubespan.talos.dev", "Plans.kubespan", "Registries.kubespan"],
  description: "what was logged last, the oldest first",
  draw: (seen) =>
    seen.events.map(({ number, ...spec }) => ({ id: String(number).padStart(8, "0"), spec: { ...spec } })),
});
