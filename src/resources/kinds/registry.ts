import { errorOf } from "../../discovery/index.ts";
import { kindOf } from "../kind.ts";

export const registries = kindOf({
  type: "Registries.kubespan",
  namespace: "cluster",
  columns: {
    State: "phase",
    Affiliates: "affiliates",
    "Observed Address": "reflected",
    Location: "location",
    Error: "error",
  },
  inputs: ["Configs.kubespan", "Identities.cluster.talos.dev"],
  description: "the registries, their connections and what they refuse",
  draw: ({ status }) =>
    status.registries.map(({ name, ...state }) => {
      const error = errorOf(state);
      return { id: name, spec: { ...state, ...(error !== undefined && { error }) } };
    }),
});
