export { Capture } from "./capture.ts";
export { type Cluster, type ConfigOptions, newCluster, stateDirectory } from "./config.ts";
export { configFile, kubespan } from "./daemon.ts";
export { Discovery } from "./discovery.ts";
export { Lab, type Network } from "./lab.ts";
export type { LabNode } from "./node.ts";
export { type PublicNetwork, publicNetwork } from "./public-network.ts";
export { PingStream } from "./stream.ts";
export { waitFor } from "./wait.ts";
