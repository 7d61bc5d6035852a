export { connect } from "./connect.ts";
export { request } from "./service-client.ts";
export { codeOf, serviceError } from "./service-error.ts";
export { authorityOf, locationOf } from "./service-location.ts";
export { createServiceRegistry } from "./service-registry.ts";
export { pause, Wake } from "./wake.ts";
