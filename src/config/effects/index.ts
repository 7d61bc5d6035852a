export { findRunDirectory, type LoadedConfig, loadConfig } from "./load.ts";
