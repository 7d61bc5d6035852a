import type { Logger } from "pino";
import { errorText } from "../base/index.ts";
import { observeCni } from "../cni/effects/index.ts";
import { type CniFacts, podNetworksOfNode } from "../cni/index.ts";
import type { Config } from "../config/index.ts";
import type { Prefix } from "../net/index.ts";
import { observeHostLinks } from "../routing/effects/index.ts";
import type { Runner } from "../system/index.ts";

/** The pod networks of this node as they are found on it, for `podNetworks.source: node`. */
export class OwnPods {
  #networks: readonly Prefix[] = [];

  /** Takes in what was found. Tells whether the networks are others than before. */
  found(facts: Pick<CniFacts, "routes" | "ranges">): boolean {
    const before = this.#networks;
    this.#networks = podNetworksOfNode(facts);
    return this.#networks.join() !== before.join();
  }

  /** The networks to advertise: those of the node if they are wanted and there are any, and else what Kubernetes told. */
  orTold({ podNetworks }: Pick<Config, "podNetworks">, told: readonly Prefix[]): readonly Prefix[] {
    return podNetworks.source === "node" && this.#networks.length > 0 ? this.#networks : told;
  }
}

/** Looks at this node's pod networks before the first pass, so that what is advertised does not change right after it. */
export async function ownPodsOf(config: Config, run: Runner, log: Logger): Promise<OwnPods> {
  const own = new OwnPods();
  if (config.podNetworks.source !== "node") return own;
  try {
    own.found(await observeCni(run, await observeHostLinks(run, config.interfaceName)));
  } catch (error) {
    log.warn(`the pod networks of this node could not be looked at: ${errorText(error)}`);
  }
  return own;
}
