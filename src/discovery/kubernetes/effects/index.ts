export { apiError, isLate } from "./api-error.ts";
export { kubernetesNodes } from "./kubernetes-registry.ts";
export { openNodesApi } from "./nodes-api.ts";
