export { type Config } from "./config.ts";
export { generateConfig } from "./generate.ts";
export { parseConfig } from "./parse.ts";
export { parseServiceURL } from "./service-url.ts";
export { configSummary } from "./summary.ts";
