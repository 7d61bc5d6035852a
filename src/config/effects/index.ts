export { keepSecret, readKeptSecret, withKeptSecret } from "./kept-secret.ts";
export { findDaemon, type LoadedConfig, loadConfig } from "./load.ts";
export { replaceConfig } from "./replace.ts";
export { configOfRun, stateDirectoryNow } from "./state-directory.ts";
export { endTrial, readTrial, trialConfig, writeTrial } from "./trial.ts";
