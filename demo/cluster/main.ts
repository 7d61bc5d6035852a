import {
  KubernetesCluster,
  nameOf,
  totals,
  type Variant,
  variants,
  written,
} from "../../lab/cluster/index.ts";
import { kubespan, Lab } from "../../lab/index.ts";
import { type Order, readOrder, usage } from "./options.ts";
import { type Answer, askStanding, kubeconfig, open } from "./standing.ts";

const order = readOrder(process.argv.slice(2));
if (order === "help") console.log(usage.trimEnd());
else if ("problem" in order) {
  console.error(`${order.problem}\n\n${usage}`);
  process.exitCode = 2;
} else if (process.getuid?.() !== 0) {
  console.error("The cluster needs root: it makes network namespaces.");
  process.exitCode = 1;
} else await (order.command === "up" ? up(order) : ways(order));

/** Progress is told on the standard error, as the output may be for a program. */
function tell(text: string): void {
  console.error(text);
}

async function answered(cluster: KubernetesCluster, format: Order["format"]): Promise<Answer> {
  const report = { cluster: nameOf(cluster.variant), verdicts: await cluster.measure() };
  const { ways: all, asExpected } = totals(report);
  return { text: written(report, format), isGood: asExpected === all };
}

async function ways(asked: Order): Promise<void> {
  const standing = asked.isChosen || asked.isAll ? undefined : await askStanding(asked.format);
  if (standing) {
    print(standing);
    return;
  }
  for (const variant of asked.isAll ? variants : [asked.variant])
    await within(variant, async (cluster) => print(await answered(cluster, asked.format)));
}

function print({ text, isGood }: Answer): void {
  process.stdout.write(text);
  if (!isGood) process.exitCode = 1;
}

async function up({ variant }: Order): Promise<void> {
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => {
      console.log("\nTaking everything down.");
      close?.();
      process.exit(0); // the lab ends with the process
    });
  let close: (() => void) | undefined;
  await within(variant, async (cluster) => {
    close = await open(cluster, (format) => answered(cluster, format as Order["format"]));
    console.log(`\nThe cluster is up: ${nameOf(variant)}.\n`);
    console.log(`  export KUBECONFIG=${kubeconfig}`);
    console.log(`  ${cluster.programs.kubernetes}/kubectl get pods -o wide`);
    console.log("  npm run ways            # which way packets take\n");
    console.log("A shell on a node, where `kubectl` and logs in /run are, too:");
    for (const { name, namespace } of Object.values(cluster.site.nodes))
      console.log(`\n  ${name}: ${namespace.enter(["bash"]).map(quoted).join(" ")}`);
    console.log(`\n  and there, say: ${kubespan} status --config /run/kubespan.yaml`);
    console.log("\nCtrl-C takes it down.");
    await new Promise(() => undefined);
  });
}

function quoted(word: string): string {
  return /^[\w./=-]+$/.test(word) ? word : `'${word}'`;
}

async function within(variant: Variant, work: (cluster: KubernetesCluster) => Promise<void>): Promise<void> {
  tell(nameOf(variant));
  const lab = await Lab.open();
  try {
    await work(await KubernetesCluster.start(lab, variant, tell));
  } finally {
    await lab.close();
  }
}
