export { connect } from "./connect.ts";
export { type RegistryDriver, type RegistryKind, type Session } from "./registry-driver.ts";
export { registryWith } from "./registry-life.ts";
export { request } from "./service-client.ts";
export { codeOf, proxyHint, serviceError } from "./service-error.ts";
export { locationOf } from "./service-location.ts";
export { createServiceRegistry, discoveryServices } from "./service-registry.ts";
export { untilOneFails } from "./until-one-fails.ts";
export { pause, Wake } from "./wake.ts";
