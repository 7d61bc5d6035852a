export type { Config, EndpointFilter, Marks, ServiceConfig } from "./config.ts";
export { parseConfig } from "./parse.ts";
