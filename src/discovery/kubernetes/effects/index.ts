export { apiError } from "./api-error.ts";
export { kubernetesNodes } from "./kubernetes-registry.ts";
export { openNodesApi } from "./nodes-api.ts";
