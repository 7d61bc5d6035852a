import type { Result } from "../../lab/command.ts";
import { configFile, kubespan, type LabNode } from "../../lab/index.ts";

/** Ends the node's daemon, and makes its kernel as it is after a power cut. */
export async function powerCut(node: LabNode): Promise<void> {
  await node.daemon.stop("SIGKILL");
  await emptyKernel(node);
}

/** Makes the node's kernel as it is after a start of the machine. */
export async function emptyKernel(node: LabNode): Promise<void> {
  await node.run(
    "sh",
    "-c",
    `while nft list tables | grep talos; do nft flush ruleset; done; ip link del kubespan; tc qdisc del dev eth0 clsact
     for f in 4 6; do ip -$f rule del priority 32500; ip -$f route flush table 180; done`,
  );
}

/** Loads the barrier as the unit does before the network is up. */
export const loadBarrier = (node: LabNode): Promise<Result> =>
  node.namespace.attempt(kubespan, "barrier", "load", "--config", configFile);
