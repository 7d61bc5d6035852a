import { join } from "node:path";
import { createInterface } from "node:readline";
import { pino } from "pino";

/**
 * A registry of a tree in a process of its own: `registry.ts TREE KUBECONFIG NODE_ID NODE_NAME`. It prints a line once
 * it knows all Nodes, and answers each line of standard input with the number of events since the last one, and with
 * what it knows of a node id.
 */
const [tree = "", kubeconfig = "", nodeId = "", nodeName = ""] = process.argv.slice(2);

/** The parts of a registry that every tree has had. */
interface Registry {
  start(onChange: () => void): void;
  told(): { readonly affiliates: readonly { nodeId: string; addresses: readonly string[] }[] };
  state(): { readonly phase: string };
}

interface RegistryModule {
  readonly createKubernetesRegistry: (options: object) => Registry;
}

const path = join(tree, "src/discovery/kubernetes/effects/kubernetes-registry.ts");
const { createKubernetesRegistry } = (await import(path)) as RegistryModule;
const registry = createKubernetesRegistry({
  kubernetes: { kubeconfig, proxies: {} },
  nodeId,
  nodeName,
  log: pino({ level: "silent" }),
});
let changes = 0;
let isKnown = false;
registry.start(() => {
  changes++;
  registry.told(); // as the daemon does with every change
  if (isKnown || registry.state().phase !== "connected") return;
  isKnown = true;
  process.stdout.write("known\n");
});
for await (const line of createInterface({ input: process.stdin })) {
  const { affiliates } = registry.told();
  const has = affiliates.filter(({ addresses }) => addresses.includes(line)).length;
  process.stdout.write(`${JSON.stringify({ changes, affiliates: affiliates.length, has })}\n`);
}
process.exit(0);
