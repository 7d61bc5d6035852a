import { type Command, Option } from "commander";
import { fetchResources, fetchStatus, requestEvict } from "../api/effects/index.ts";
import type { Evicted, Resource } from "../api/index.ts";
import { KubespanError } from "../base/index.ts";
import { isNodeId, publicKeyFrom } from "../discovery/index.ts";
import type { Eviction } from "../eviction/index.ts";
import { print } from "../system/index.ts";
import { exampleText } from "./examples.ts";
import { operatorsConfig, readOperatorKey } from "./operator.ts";
import { configOption } from "./options.ts";
import { rotateSecret, withinOption } from "./rotate-secret.ts";

interface Options {
  readonly config: string;
  readonly key: string;
  readonly lift?: true;
  readonly rotate?: true;
  readonly within: number;
}

/** Whom an operator means. */
type Subject = Pick<Eviction, "nodeId" | "publicKey">;

export function registerEvict(program: Command): void {
  program
    .command("evict")
    .argument("<node>", "name of the node, node id, or public key")
    .description("keep a node out of the mesh, as an operator")
    .addOption(configOption())
    .requiredOption("-k, --key <file>", "file with the key of an operator, or - for stdin")
    .addOption(new Option("--lift", "let the node in again").conflicts("rotate"))
    .option("--rotate", "give the others another cluster secret")
    .addOption(withinOption())
    .addHelpText(
      "after",
      [
        "\nBlocks the node's id and key on all nodes that have the public part of the key",
        "in their configuration (operatorKeys): at once on those that are connected, on",
        "the others when they are back, and after restarts. No member can forge it. Only",
        "this command reads the key. Talos nodes know no evictions; they are named.",
        "\nA hostile node with the secret of the cluster can come back under a new id with",
        "a new key, until the cluster has another secret: --rotate gives it one, as",
        "'kubespan rotate secret' does, and not to that node.",
        exampleText("evict"),
      ].join("\n"),
    )
    .action(evict);
}

async function evict(node: string, options: Options): Promise<void> {
  const key = await readOperatorKey(options.key);
  const config = await operatorsConfig(options.config, key);
  const { evictionsOf, nextEvictionNumber, signEviction } = await import("../eviction/index.ts");
  const known = (await fetchResources(config.runDirectory, { kind: "evictions" })).items.map(evictionIn);
  const subject = await subjectOf(node, config.runDirectory);
  const isLifted = options.lift === true;
  const inForce = evictionsOf(
    known.filter((each) => !each.isLifted),
    subject,
  );
  if (isLifted && inForce.length === 0)
    throw new KubespanError("usage", `no eviction of ${node} is known here`, {
      hint: "'kubespan get evictions' lists them",
    });
  const numbers = known.map(({ number }) => number);
  const number = nextEvictionNumber(numbers, Date.now());
  for (const about of isLifted ? inForce : [subject]) {
    const { nodeId, publicKey } = about;
    const said = {
      ...(nodeId !== undefined && { nodeId }),
      ...(publicKey !== undefined && { publicKey }),
      number,
      isLifted,
    };
    sayEvicted(await requestEvict(config.runDirectory, signEviction(key, config.cluster.id, said)), isLifted);
  }
  if (options.rotate) {
    print("\n");
    await rotateSecret(config, key, options.within);
  }
}

const evictionIn = ({ spec }: Resource): Eviction => {
  const [nodeId, publicKey] = [spec["nodeId"], spec["publicKey"]];
  return {
    ...(typeof nodeId === "string" && { nodeId }),
    ...(typeof publicKey === "string" && { publicKey }),
    number: Number(spec["number"]),
    isLifted: spec["standing"] === "lifted",
  };
};

/** The id and the key of the node, as far as this node knows them: it may be evicted before it was ever seen here. */
async function subjectOf(node: string, runDirectory: string): Promise<Subject> {
  const [{ peers }, { items }] = await Promise.all([
    fetchStatus(runDirectory),
    fetchResources(runDirectory, { kind: "evictions" }),
  ]);
  const publicKey = publicKeyFrom(node);
  const found = peers.filter(
    (peer) => peer.nodeId === node || peer.label === node || peer.publicKey === publicKey,
  );
  const [peer, another] = found;
  if (another)
    throw new KubespanError("usage", `more than one member goes by ${node}`, {
      hint: "name its node id; 'kubespan status -o json' lists them",
    });
  if (peer) return { nodeId: peer.nodeId, publicKey: peer.publicKey };
  const out = items.find(({ spec }) => spec["node"] === node);
  if (out) return evictionIn(out);
  if (isNodeId(node)) return { nodeId: node };
  if (publicKey !== undefined) return { publicKey };
  throw new KubespanError("usage", `no member goes by ${node}`, {
    hint: "name its node id or its public key, if this node never saw it",
  });
}

function sayEvicted({ label, asked, heard, missed }: Evicted, isLifted: boolean): void {
  print(isLifted ? `${label} may come back\n` : `${label} is out of the mesh here\n`);
  if (asked > 0) print(`${heard} of ${asked} connected nodes confirmed it\n`);
  if (missed.length > 0) print(`\nNot yet on:\n`);
  for (const each of missed) print(`  ${each.label}: ${each.reason}\n`);
}
