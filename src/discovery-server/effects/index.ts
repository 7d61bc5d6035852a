export { defaultCapacity } from "./bounds.ts";
export { type Certificates, openCertificates } from "./certificates.ts";
export { type OnAnswer } from "./handlers.ts";
export { openMemoryStore } from "./memory-store.ts";
export { type Operations } from "./operations.ts";
export { type DiscoveryServer, startDiscoveryServer } from "./start.ts";

/** Loaded only where somebody wants it: etcd's client and the metrics' library are large. */
export const loadEtcdStore = () => import("./etcd-store.ts");
export const loadOperations = async () => ({
  ...(await import("./metrics.ts")),
  ...(await import("./operations.ts")),
});
