// The README's commands, as a reader would type them: two nodes, side by side.
//
//     first 192.0.2.10 ────────── 192.0.2.11 second
import { readFile } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { waitFor } from "../../../lab/wait.ts";
import { type Block, shellBlocks } from "./blocks.ts";
import { makeNode, type Node } from "./node.ts";

const patience = 120_000 * Number(process.env["KUBESPAN_TEST_PATIENCE"] ?? 1);
const addresses: Record<string, string> = { first: "192.0.2.10", second: "192.0.2.11" };

const blocks = shellBlocks(await readFile(new URL("../../../README.md", import.meta.url), "utf8"));
const nodes = new Map<string, Node>();
const running: Promise<unknown>[] = [];
/** What those printed that were to go on, and ended. */
const ended: string[] = [];

const nodeOf = (block: Pick<Block, "node">): Node => {
  const node = nodes.get(block.node);
  if (node === undefined)
    throw new Error(`the README names a node ${block.node}, which the test does not have`);
  return node;
};

beforeAll(async () => {
  for (const name of Object.keys(addresses)) nodes.set(name, await makeNode(name));
  const [first, second] = [nodeOf({ node: "first" }), nodeOf({ node: "second" })];
  const cable = [
    "link",
    "add",
    "name",
    "eth0",
    "type",
    "veth",
    "peer",
    "name",
    "eth0",
    "netns",
    `${second.pid}`,
  ];
  await execa("nsenter", ["-t", `${first.pid}`, "--net", "--", "ip", ...cable]);
  for (const [name, address] of Object.entries(addresses))
    await done(nodeOf({ node: name }), `ip address add ${address}/24 dev eth0; ip link set eth0 up`);
});

afterAll(async () => {
  for (const node of nodes.values()) await node.remove();
  await Promise.all(running);
});

async function done(node: Node, script: string): Promise<string> {
  const { exitCode, all } = await node.shell(script);
  expect(exitCode, `${script}\n${all}`).toBe(0);
  return all;
}

/** Runs the blocks up to (without) the first that has `text`; gives what each printed. */
async function runUntil(text: string | undefined): Promise<string> {
  const end = text === undefined ? -1 : blocks.findIndex((block) => block.script.includes(text));
  const printed: string[] = [];
  for (const block of blocks.splice(0, end === -1 ? blocks.length : end)) {
    if (block.action === "run") printed.push(await done(nodeOf(block), block.script));
    if (block.action === "keep running") running.push(keptRunning(block));
    if (block.script.trim() === "bin/kubespan join") await join();
  }
  return printed.join("\n");
}

async function keptRunning(block: Block): Promise<void> {
  const { all, exitCode } = await nodeOf(block).shell(block.script);
  ended.push(`${block.script.trim()} ended with ${exitCode}:\n${all}`);
}

/** Pipes the token of the first node into the second one, as soon as the service that was just started listens. */
async function join(): Promise<void> {
  // Where the daemon does not answer yet, a warning says which services are missing from the token.
  const printed = await done(nodeOf({ node: "first" }), "bin/kubespan token");
  const token = /^kubespan1\..*$/m.exec(printed)?.[0] ?? expect.fail(printed);
  const script = `bin/kubespan join <<'END'\n${token}\nEND`;
  const unreached = 8;
  let last = "";
  await waitFor(
    async () => {
      const { exitCode, all } = await nodeOf({ node: "second" }).shell(script);
      last = all;
      expect([0, unreached], all).toContain(exitCode);
      return exitCode === 0;
    },
    { what: "the second node to join", describe: () => [last, ...ended].join("\n") },
  );
}

async function everyPeerUp(): Promise<void> {
  const deadline = performance.now() + patience;
  for (const node of nodes.values()) {
    let last = "";
    while (!/"state": "up"/.test(last)) {
      if (performance.now() > deadline) throw new Error(`no peer came up:\n${last}`);
      await wait(200);
      last = (await node.shell("bin/kubespan status -o json")).all;
    }
  }
}

test("every shell block of the README says whether it is run, and where", () => {
  const unmarked = blocks.filter((block) => block.action === undefined);
  expect(unmarked).toEqual([]);
  expect(blocks.filter((block) => block.action !== "leave out").length).toBeGreaterThan(4);
});

test("the README's two nodes find each other, send through the tunnel, and leave", async () => {
  expect(await runUntil("bin/kubespan status")).toContain("wrote /etc/kubespan/config.yaml");
  await everyPeerUp();
  expect(await runUntil("bin/kubespan down")).toMatch(
    /1 of 1 peers up[^]*3 received[^]*elements = \{ 192\.0\.2\.10 \}[^]*lookup 180[^]*dev kubespan[^]*nothing to do/,
  );
  const left = await runUntil(undefined);
  expect(left).toContain("remove the link kubespan");
  expect(left).not.toMatch(/did not answer|warning/i);
  expect(
    await done(nodeOf({ node: "second" }), "nft list ruleset; ip rule | grep -c lookup; ip -br link"),
  ).not.toMatch(/kubespan/);
});
