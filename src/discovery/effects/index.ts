export { connect } from "./connect.ts";
export { request } from "./service-client.ts";
export { codeOf, serviceError } from "./service-error.ts";
export { locationOf } from "./service-location.ts";
export { createServiceRegistry } from "./service-registry.ts";
export { pause, Wake } from "./wake.ts";
