import { commandText } from "../../base/index.ts";
import { kindOf } from "../kind.ts";

/** The steps of the last plan that had any. In a mesh at rest plans are empty. */
export const plans = kindOf({
  type: "Plans.kubespan",
  namespace: "kubespan",
  columns: { Stage: "stage", Step: "text", Planned: "at" },
  inputs: [
    "KubeSpanPeerStatuses.kubespan.talos.dev",
    "Targets.kubespan",
    "Rules.kubespan",
    "Configs.kubespan",
  ],
  description: "the steps of the last plan that had something to do",
  draw: ({ planned }) =>
    (planned?.steps ?? []).map(({ stage, text, commands }, at) => ({
      id: String(at + 1).padStart(4, "0"),
      spec: {
        stage,
        text,
        at: new Date(planned?.at ?? 0).toISOString(),
        commands: commands.map(commandText),
      },
    })),
});
