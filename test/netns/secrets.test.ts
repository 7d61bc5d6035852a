import { statSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  Capture,
  configFile,
  Discovery,
  kubespan,
  Lab,
  type LabNode,
  type Network,
  newCluster,
  stateDirectory,
  waitFor,
} from "../../lab/index.ts";

/*
 *   a 203.0.113.1    b 203.0.113.2    service 203.0.113.9 (plaintext)
 *      |                |                |
 *   ===+================+================+=== internet
 *
 * a logs everything it can, and each tool that it runs is one that writes down how it was called.
 */
let lab: Lab;
let internet: Network;
let a: LabNode;
let b: LabNode;
let discovery: Discovery;
const cluster = newCluster();
const identityFile = `${stateDirectory}/identity.json`;
const callsFile = "/run/calls";
/** For what is written to be read once; the nodes' own, unlike /tmp. */
const temporary = "/run/temporary";
const usualTemporary = process.env["TMPDIR"];

beforeAll(async () => {
  process.env["TMPDIR"] = temporary; // of all that is started on the nodes
  lab = await Lab.open();
  internet = await lab.network("internet");
  const at = async (name: string, last: number): Promise<LabNode> => {
    const node = await lab.node(name);
    await node.attach(internet, `203.0.113.${last}/24`);
    await node.defaultRoute("203.0.113.254");
    await node.run("mkdir", temporary);
    return node;
  };
  [a, b] = [await at("a", 1), await at("b", 2)];
  discovery = new Discovery(await at("service", 9), "203.0.113.9");
  await discovery.start();
  for (const tool of ["ip", "nft", "wg", "wireguard-go", "sysctl"]) await listenTo(a, tool);
});

afterAll(async () => {
  if (usualTemporary === undefined) delete process.env["TMPDIR"];
  else process.env["TMPDIR"] = usualTemporary;
  await lab.close();
});

/** Puts a script in the place of a tool, for this node only, that notes arguments and environment and goes on to it. */
async function listenTo(node: LabNode, tool: string): Promise<void> {
  const script = `#!/bin/sh
{ echo "$0 $*"; tr '\\0' '\\n' </proc/$$/environ; } >>${callsFile}
exec /run/real/${tool} "$@"
`;
  await node.namespace.write(`/run/noting/${tool}`, script, 0o755);
  await node.run(
    "sh",
    "-euc",
    `tool=$(command -v "$0") || exit 0 # wireguard-go is not needed everywhere
    tool=$(readlink -f "$tool"); mkdir -p /run/real; cp "$tool" "/run/real/$0"; mount --bind "/run/noting/$0" "$tool"`,
    tool,
  );
}

/** In every form in which a program might write it. */
function forms(secret: string): (string | Buffer)[] {
  const bytes = Buffer.from(secret, "base64");
  return [secret.replace(/=+$/, ""), bytes.toString("base64url"), bytes.toString("hex"), bytes];
}

const privateKeyOf = (node: LabNode): string =>
  (JSON.parse(node.namespace.read(identityFile)) as { privateKey: string }).privateKey;

const mode = (node: LabNode, path: string): string =>
  (statSync(node.namespace.path(path)).mode & 0o777).toString(8);

/** Takes the log over the network, and keeps it in a file. */
const takenFile = "/run/taken.log";
const taker = `require("dgram").createSocket("udp4").on("message", (line) => process.stdout.write(line)).bind(5140, "127.0.0.1")`;

/** A whole life of a daemon: everything that it and the commands said meanwhile, by where they said it. */
async function liveAndTell(): Promise<Record<string, string>> {
  const { daemon } = a;
  const said: Record<string, string> = {};
  const note = async (...words: [string, ...string[]]): Promise<void> => {
    const { stdout, stderr } = await daemon.command(...words);
    said[words.join(" ")] = stdout + stderr;
  };
  await Promise.all([daemon.waitForPeers("b"), b.daemon.waitForPeers("a")]);
  await note("status");
  await note("status", "-o", "json");
  await note("run", "--dry-run");
  daemon.signal("SIGHUP");
  const isReloaded = async (): Promise<boolean> =>
    (await daemon.log()).includes("the configuration was read again");
  await waitFor(isReloaded, { what: "the configuration to be read again" });
  const environment = `tr '\\0' '\\n' </proc/${daemon.pid}/environ; tr '\\0' ' ' </proc/${daemon.pid}/cmdline`;
  said["process"] = await a.run("sh", "-c", environment);
  await daemon.stop();
  await daemon.start();
  await daemon.waitForPeers("b");
  said["validate"] = await a.run(kubespan, "validate", configFile);
  await note("down");
  await daemon.ended();
  said["run --dry-run, again"] = (await daemon.command("run", "--dry-run")).stdout;
  said["log"] = await daemon.log();
  said["service"] = await discovery.log();
  said["taken"] = a.namespace.read(takenFile);
  said["calls"] = a.namespace.read(callsFile);
  return said;
}

describe("the cluster's secret and the private keys", () => {
  it("are in no log, no output, no argument, no environment and no packet", async () => {
    const capture = await Capture.start(lab, internet);
    const options = { cluster, services: [discovery.url] };
    await b.start(options);
    await a.run("sh", "-c", `"$0" -e '${taker}' >${takenFile} 2>&1 </dev/null &`, process.execPath);
    const log = { level: "trace", destinations: ["udp://127.0.0.1:5140"] };
    await a.start({ ...options, daemon: { log, advertisedPrefixes: ["10.244.1.0/24"] } });
    const said = await liveAndTell();
    await capture.stop();
    expect(said["calls"]).toMatch(/wg set kubespan private-key/); // there was something to be seen
    expect(said["calls"]).toMatch(/preshared-key/);
    for (const place of ["log", "taken"]) expect(said[place]).toContain("set private-key");
    const secrets = [cluster.secret, privateKeyOf(a), privateKeyOf(b)].flatMap(forms);
    for (const [place, text] of Object.entries(said)) {
      expect(text, place).not.toBe("");
      expect(
        secrets.filter((secret) => Buffer.from(text).includes(secret)).length,
        `secrets in what came from: ${place}`,
      ).toBe(0);
    }
    for (const secret of secrets) expect(await capture.contains(secret)).toBe(false);
    // What nodes say is sealed, although the way to the service is not encrypted.
    expect(await capture.contains(cluster.id)).toBe(true);
    expect(await capture.contains((await b.daemon.status()).node.publicKey)).toBe(false);
  });

  it("are in two files that only root can read, and nowhere else", async () => {
    const holding = async (secret: string): Promise<string[]> =>
      (await a.run("grep", "-rlF", "--", secret, "/run")).trim().split("\n").toSorted();
    expect(await holding(cluster.secret)).toEqual([configFile]);
    expect(await holding(privateKeyOf(a))).toEqual([identityFile]);
    expect([mode(a, identityFile), mode(a, stateDirectory)]).toEqual(["600", "700"]);
    expect((await a.run("find", temporary, "-mindepth", "1")).trim()).toBe("");
  });

  it("are not in the complaint about a file that holds them", async () => {
    const identity = a.namespace.read(identityFile);
    const config = a.namespace.read(configFile);
    const secrets = [privateKeyOf(a), cluster.secret].map((secret) => secret.slice(0, 20));
    for (const [file, good, damaged] of [
      [identityFile, identity, identity.replace("=", "==")],
      [identityFile, identity, identity.slice(0, -10)],
      [configFile, config, config.replace(cluster.secret, cluster.secret.slice(0, -3))],
      [configFile, config, config.replace("clusterSecret:", "clusterSecret: [")],
    ] as const) {
      await a.namespace.write(file, damaged);
      const { exitCode, stdout, stderr } = await a.daemon.command("run");
      await a.namespace.write(file, good);
      expect([3, 4], stderr).toContain(exitCode);
      for (const secret of secrets) expect(stdout + stderr).not.toContain(secret);
    }
  });

  it("come into the world in a file of mode 0600", async () => {
    const file = "/run/new.yaml";
    const said = await a.run(kubespan, "gen", "config", "--output", file);
    const [, secret = ""] = /clusterSecret: (\S+)/.exec(a.namespace.read(file)) ?? [];
    expect(Buffer.from(secret, "base64")).toHaveLength(32);
    expect(said).not.toContain(secret);
    expect(mode(a, file)).toBe("600");
  });
});

it("the socket is for root alone", async () => {
  expect([mode(b, "/run/kubespan/kubespan.sock"), mode(b, "/run/kubespan")]).toEqual(["600", "700"]);
});
