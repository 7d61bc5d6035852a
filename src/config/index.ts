export { bounds } from "./bounds.ts";
export {
  type ClusterIdentity,
  type Config,
  type EndpointFilter,
  type KubernetesConfig,
  type LogLevel,
  type MachineType,
  type ServiceConfig,
  type StrictIngress,
} from "./config.ts";
export { type DialRules, noDialRules } from "./dial.ts";
export { generateConfig } from "./generate.ts";
export { parseConfig } from "./parse.ts";
export {
  credentialsOf,
  type Proxy,
  proxiesKey,
  proxyFor,
  proxyText,
  proxyUrl,
} from "./proxy.ts";
export { parseServiceURL } from "./service-url.ts";
export { configSummary } from "./summary.ts";
