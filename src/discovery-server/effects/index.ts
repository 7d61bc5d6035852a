export { defaultCapacity } from "./bounds.ts";
export { type Certificates, openCertificates } from "./certificates.ts";
export { type OnAnswer } from "./handlers.ts";
export { openMemoryStore } from "./memory-store.ts";
export { type Operations } from "./operations.ts";
export { type DiscoveryServer, startDiscoveryServer } from "./start.ts";

/** Etcd's client and the libraries for metrics and for certificates are large, so each is loaded only where it is used. */
export const loadEtcdStore = () => import("./etcd-store.ts");
export const loadOperations = async () => ({
  ...(await import("./metrics.ts")),
  ...(await import("./operations.ts")),
});
export const loadIssuedCertificates = () => import("./issued-certificates.ts");
