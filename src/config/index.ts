export { bounds, noticePort } from "./bounds.ts";
export {
  type ClusterIdentity,
  type Config,
  type KubernetesConfig,
  type LogDestination,
  type LogLevel,
  logLevels,
  type MachineType,
  type MetricsConfig,
  type RelayConfig,
  type ServiceConfig,
  type StrictIngress,
} from "./config.ts";
export { type DialRules, noDialRules } from "./dial.ts";
export { filterPlace, filterReason } from "./endpoint-filter.ts";
export { generateConfig, type KubespanSettings, type NewService } from "./generate.ts";
export { keptAfter, newestSecret } from "./kept-secret.ts";
export { runDirectoryIn, stateDirectoryIn } from "./named-folders.ts";
export { parseConfig, readConfig } from "./parse.ts";
export {
  credentialsOf,
  environmentProxies,
  type Proxy,
  proxiesKey,
  proxyFor,
  proxyText,
  proxyUrl,
} from "./proxy.ts";
export { hasReached, type SecretChanged, type SecretStage, secretStages } from "./secret-stage.ts";
export { parseServiceURL } from "./service-url.ts";
export { configSummary } from "./summary.ts";
export { configWarnings } from "./warnings.ts";
