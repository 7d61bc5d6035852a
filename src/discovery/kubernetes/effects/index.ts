export { apiError } from "./api-error.ts";
export { createKubernetesRegistry } from "./kubernetes-registry.ts";
export { openNodesApi } from "./nodes-api.ts";
