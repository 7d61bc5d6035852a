import { afterAll, beforeAll, expect, it } from "vitest";
import {
  type ConfigOptions,
  type Discovery,
  Lab,
  type LabNode,
  type Network,
  newCluster,
  type PingStream,
  publicNetwork,
  waitFor,
} from "../../lab/index.ts";
import { ledgerText } from "../../src/members/ledger.ts";
import { clearDuring } from "./in-clear.ts";
import { loadBarrier, powerCut } from "./power-cut.ts";

/*
 * A power cut that leaves a damaged ledger, or a damaged barrier, where the discovery service has lost its contents as well: nothing tells who the
 * members are, but what goes to them does not leave in clear.
 *
 *   a 203.0.113.1    b 203.0.113.2, behind it the pod 10.244.2.2
 *     2001:db8::1      2001:db8::2
 *   ===+================+=== internet
 */
let lab: Lab;
let internet: Network;
let discovery: Discovery;
let a: LabNode;
let b: LabNode;
let options: ConfigOptions;

const targets = ["203.0.113.2", "2001:db8::2", "10.244.2.2"];
const behindB = { advertisedPrefixes: ["10.244.2.0/24"] };
const ledger = "/run/state/members.json";
const barrier = "/run/state/barrier.json";

beforeAll(async () => {
  lab = await Lab.open();
  const { network, discovery: service, host } = await publicNetwork(lab);
  [internet, discovery] = [network, service];
  [a, b] = [await host("a", 1), await host("b", 2)];
  await b.pod(2);
  // The way to b's pod without the mesh: what is not steered is seen there.
  await a.run("ip", "route", "add", "10.244.2.0/24", "via", "203.0.113.2");
  options = { cluster: newCluster(), services: [discovery.url] };
  for (const [at, node] of [a, b].entries()) await node.address("eth0", `2001:db8::${at + 1}/64`);
  await a.start(options);
  await b.start({ ...options, daemon: behindB });
  await bothUp();
});

afterAll(() => lab.close());

async function bothUp(): Promise<void> {
  await Promise.all([a.daemon.waitForPeers("b"), b.daemon.waitForPeers("a")]);
  for (const target of targets)
    await waitFor(() => a.reaches(target), { what: `an answer of ${target} through the mesh` });
}

const pairs = (): [LabNode, string][] => targets.map((target) => [a, target]);

const isAnswered = (): Promise<void> =>
  a.daemon
    .waitForStatus(
      "that the service has answered, and that nobody is known",
      ({ registries, peers }) =>
        registries.length === 1 && registries[0]?.phase === "connected" && peers.length === 0,
    )
    .then(() => undefined);

const flipped = (text: string): string => {
  const at = text.indexOf('"content":"') + 400;
  return `${text.slice(0, at)}${text[at] === "A" ? "B" : "A"}${text.slice(at + 1)}`;
};

it.each<[string, (text: string) => string | undefined]>([
  ["torn", (text) => text.slice(0, text.length / 2)],
  ["empty", () => ""],
  ["full of zeros", (text) => "\0".repeat(text.length)],
  ["changed in one bit", flipped],
  ["of another cluster", () => ledgerText({ id: "another cluster" }, new Map(), Date.now()).text],
  ["gone", () => undefined],
])("with a ledger that is %s, nothing leaves in clear, nor after another start", async (_how, damage) => {
  await b.daemon.stop();
  await powerCut(a);
  await discovery.stop();
  await discovery.start();
  const damaged = damage(a.namespace.read(ledger));
  if (damaged === undefined) await a.run("rm", ledger);
  else await a.namespace.write(ledger, damaged);
  expect((await loadBarrier(a)).stdout).toContain("create the nft table");
  const act = async (streams: readonly PingStream[]): Promise<void> => {
    await a.daemon.start();
    await isAnswered();
    const { warnings } = await a.daemon.waitForStatus("the warning", (status) =>
      status.warnings.some(({ who }) => who === "the ledger of members"),
    );
    const { what } = warnings.find(({ who }) => who === "the ledger of members") ?? expect.fail("no warning");
    for (const each of ["203.0.113.2/32", "10.244.2.0/24", "is refused until its owner is connected"])
      expect(what).toContain(each);
    // The ledger is whole again, and names what has no owner.
    await waitFor(() => ledgerContent().includes("10.244.2.0/24"), { what: "the networks in the ledger" });
    for (const target of targets) expect((await a.ping(target)).received).toBe(0);
    await a.daemon.stop("SIGKILL");
    await a.run("nft", "flush", "ruleset"); // the second barrier holds
    await a.daemon.start();
    await isAnswered();
    for (const target of targets) expect((await a.ping(target)).received).toBe(0);
    await b.daemon.start();
    await bothUp();
    for (const stream of streams) await stream.moreAnswers(20);
    await a.daemon.waitForStatus("that all have their owner", (status) =>
      status.warnings.every(({ who }) => who !== "the ledger of members"),
    );
  };
  expect(await clearDuring(lab, internet, pairs(), act, { isAnswered: false })).toEqual([]);
});

const ledgerContent = (): string => {
  try {
    return Buffer.from(JSON.parse(a.namespace.read(ledger)).content, "base64").toString();
  } catch {
    return ""; // still damaged, or gone
  }
};

it.each<[string, (text: string) => string]>([
  ["torn", (text) => text.slice(0, text.length / 2)],
  ["empty", () => ""],
  ["full of zeros", (text) => "\0".repeat(text.length)],
])("with a saved barrier that is %s, the node is closed from its start", async (_how, damage) => {
  await a.daemon.stop();
  await a.daemon.start(); // the file is written once more, as it was
  await bothUp();
  await powerCut(a);
  await b.daemon.stop();
  await a.namespace.write(barrier, damage(a.namespace.read(barrier)));
  const { stdout, stderr } = await loadBarrier(a);
  expect(stdout).toContain("create the nft table");
  expect(stderr).toContain("barrier.json is damaged");
  const act = async (streams: readonly PingStream[]): Promise<void> => {
    for (const target of targets) expect((await a.ping(target)).received).toBe(0);
    await a.daemon.start();
    await b.daemon.start();
    await bothUp();
    for (const stream of streams) await stream.moreAnswers(20);
  };
  expect(await clearDuring(lab, internet, pairs(), act, { isAnswered: false })).toEqual([]);
});

it("an operator lets a network go that nobody has any more", async () => {
  await b.daemon.stop();
  await powerCut(a);
  await discovery.stop();
  await discovery.start();
  await a.run("rm", ledger);
  await loadBarrier(a);
  await a.daemon.start();
  await isAnswered();
  expect((await a.ping("203.0.113.2")).received).toBe(0);
  const wrong = await a.daemon.command("forget", "192.0.2.0/24");
  expect(wrong.exitCode).toBe(2);
  expect(wrong.stderr).toContain("is no network that waits for its owner");
  const { exitCode, stdout } = await a.daemon.command("forget", "203.0.113.2/32");
  expect([exitCode, stdout]).toEqual([0, "203.0.113.2/32 is forgotten here\n"]);
  // The other end still steers, so that nothing comes back; but it is sent.
  await waitFor(async () => !(await a.run("nft", "list", "ruleset")).includes("203.0.113.2"), {
    what: "the network to be open",
  });
  expect((await a.ping("10.244.2.2")).received).toBe(0);
  expect(await a.run("nft", "list", "ruleset")).toContain("10.244.2.0/24");
});
