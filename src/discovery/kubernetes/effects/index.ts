export { apiError, isLate } from "./api-error.ts";
export { kubernetesNodes } from "./kubernetes-registry.ts";
export { openNodesApi, podNetworksIn } from "./nodes-api.ts";
