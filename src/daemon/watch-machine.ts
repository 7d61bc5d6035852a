import type { Status } from "../api/index.ts";
import { errorText } from "../base/index.ts";
import { cniWarnings, type MeshView } from "../cni/index.ts";
import type { Config } from "../config/index.ts";
import type { Warning } from "../marks/index.ts";
import { watchKernel } from "../routing/effects/index.ts";
import { CniWatch } from "./cni-watch.ts";
import type { Parts } from "./compose.ts";
import { Others } from "./others.ts";

interface Listener {
  /** Gives the configuration as it is now. */
  readonly config: () => Config;
  /** Called when something changed in the kernel; `isUrgent` if a part of the mesh may be missing. */
  readonly onChange: (isUrgent: boolean) => void;
}

/** What watches this machine for changes that others make. */
export interface MachineWatch {
  readonly others: Others;
  /** What sends packets of pods past the mesh, if anything does. */
  readonly bypass: CniWatch["bypass"];
  /** Looks at what changed since the last look, for an operator who asks. */
  catchUp(): Promise<void>;
  /** What is in conflict with the mesh of this status. */
  warnings(mesh: Pick<Status, "peers" | "node">): Warning[];
  stop(): Promise<void>;
}

/** Watches the kernel for changes, and other software for what concerns the mesh. */
export function watchMachine(
  {
    run,
    log,
    transactions,
    owner,
    ownPods,
  }: Pick<Parts, "run" | "log" | "transactions" | "owner" | "ownPods">,
  { config, onChange }: Listener,
): MachineWatch {
  const { interfaceName, marks, routing } = config();
  const ours = { interfaceName, marks, ...routing };
  const others = new Others({ run, log, ours, config });
  const cni = new CniWatch({ run, log, config, ownPods, onOwnPods: () => onChange(false) });
  const watch = watchKernel({
    scope: ours,
    isSignature: transactions.isSignature,
    onChange,
    onOthers: () => others.request(),
    onPods: () => cni.request(),
    onError: (error) => log.warn(errorText(error)),
  });
  owner.onLoss(() => onChange(true));
  return {
    others,
    get bypass() {
      return cni.bypass;
    },
    catchUp: async () => {
      await Promise.all([others.catchUp(), cni.catchUp()]);
    },
    warnings: (mesh) => [
      ...others.warnings,
      ...cniWarnings(cni.facts, viewOf(mesh, config())).map(({ who, what, advice }) => ({
        who,
        what: `${what}: ${advice}`,
      })),
    ],
    stop: async () => {
      await watch.stop();
      await Promise.all([others.stop(), cni.stop()]);
    },
  };
}

const viewOf = ({ peers, node }: Pick<Status, "peers" | "node">, config: Config): MeshView => ({
  interfaceName: node.interfaceName,
  targets: peers.flatMap(({ allowedIPs }) => allowedIPs),
  advertised: node.advertisedPrefixes,
  advertisesPods: config.advertiseKubernetesNetworks,
  localNetworks: config.localNetworks,
  hasMainRoutes: config.podNetworks.mainTable,
});
