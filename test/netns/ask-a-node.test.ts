import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { configFile, kubespan, type LabNode, waitFor } from "../../lab/index.ts";
import type { MatrixLine, Why } from "../../src/api/index.ts";
import type { Verdict } from "../../src/cli/connectivity-verdict.ts";
import { examples } from "../../src/cli/examples.ts";
import { openWorld, proxyPassword, type World } from "./api-world.ts";

let world: World;
let a: LabNode;
let b: LabNode;

beforeAll(async () => {
  world = await openWorld({ pathMTU: false }); // a mesh that finds its path MTUs has no holes to find
  ({ a, b } = world);
});

afterAll(() => world.close());

const why = async (address: string): Promise<{ exitCode: number; why: Why }> => {
  const { exitCode, stdout } = await a.daemon.command("why", address, "-o", "json");
  return { exitCode, why: JSON.parse(stdout) as Why };
};

describe("kubespan why", () => {
  it.each([
    ["203.0.113.2", "target", "b", "kubespan"],
    ["10.244.2.7", "target", "b", "kubespan"],
    ["203.0.113.1", "this node", undefined, "lo"],
    ["203.0.113.77", "outside", undefined, "eth0"],
  ])("%s is %s, of %s, by %s, and the kernel agrees", async (address, subject, label, link) => {
    const { exitCode, why: found } = await why(address);
    expect(found).toMatchObject({ subject, differences: [], taken: { link } });
    expect(found.peer?.label).toBe(label);
    expect(exitCode).toBe(0);
  });

  it("finds the peer of a mesh address", async () => {
    const { peers } = await a.daemon.status();
    const { why: found } = await why(peers.find(({ label }) => label === "b")?.address ?? "");
    expect(found).toMatchObject({ subject: "mesh address", peer: { label: "b" }, differences: [] });
  });

  it("says what the kernel does otherwise", async () => {
    await a.run("ip", "route", "add", "10.244.2.9/32", "dev", "eth0", "table", "180");
    const { exitCode, why: found } = await why("10.244.2.9");
    await a.run("ip", "route", "del", "10.244.2.9/32", "table", "180");
    expect(found.differences).toEqual(["the packet leaves by eth0, and not by kubespan"]);
    expect(exitCode).toBe(17);
  });

  it("refuses what is no address", async () => {
    expect(await a.daemon.command("why", "b")).toMatchObject({ exitCode: 2 });
  });
});

describe("kubespan ping", () => {
  it("tells the round trip and the way, and with --until-direct ends with the first direct answer", async () => {
    const { exitCode, stdout } = await a.daemon.command("ping", "b", "--until-direct", "--size", "1200");
    expect(stdout).toMatch(
      /^1208 bytes from b \(fd\S+\), ping 1: [\d.]+ ms, direct at 203\.0\.113\.2:51820\n$/,
    );
    expect(exitCode).toBe(0);
  });

  it("ends with 16 if nobody answers, and with 2 if there is no such peer", async () => {
    expect(await a.daemon.command("ping", "nobody")).toMatchObject({ exitCode: 2 });
    await b.namespace.nft(
      "table inet deaf { chain in { type filter hook input priority -300; iifname kubespan drop; }; }",
    );
    const { exitCode, stdout } = await a.daemon.command("ping", "b", "--count", "1");
    await b.namespace.nft("delete table inet deaf");
    expect(stdout).toMatch(/^no answer from b/);
    expect(exitCode).toBe(16);
  });
});

const linesOf = (stdout: string): readonly unknown[] =>
  stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as unknown);

const testConnectivity = (...args: string[]) =>
  a.namespace.attempt(kubespan, "connectivity", "test", "--config", configFile, ...args);

describe("kubespan matrix", () => {
  it("has all ways between all nodes, as each measures them", async () => {
    await Promise.all([b.daemon.waitForPeers("a", "c"), world.c.daemon.waitForPeers("a", "b")]);
    const lines = linesOf((await a.daemon.command("matrix", "-o", "json")).stdout) as MatrixLine[];
    const found = lines.flatMap((line) =>
      "cells" in line
        ? line.cells.map(({ to, ...cell }) => [`${line.from.label}-${to.label}`, cell] as const)
        : [],
    );
    expect(found.map(([pair]) => pair).toSorted()).toEqual(["a-b", "a-c", "b-a", "b-c", "c-a", "c-b"]);
    for (const [, cell] of found) {
      expect(cell).toMatchObject({ way: "direct", mtu: 1420 });
      expect(cell.roundTripMs).toBeGreaterThan(0);
    }
  });

  it("graph draws a line for each pair of nodes of the whole mesh", async () => {
    const { stdout, stderr } = await a.daemon.command("graph", "-o", "json");
    const { nodes, edges } = JSON.parse(stdout) as {
      nodes: { id: string; label: string; site: string; isSelf?: true }[];
      edges: { from: string; to: string; way: string; roundTripMs: number }[];
    };
    const labels = new Map(nodes.map(({ id, label }) => [id, label]));
    const pairs = edges.map(({ from, to }) =>
      [labels.get(from) ?? "", labels.get(to) ?? ""].toSorted().join("-"),
    );
    expect(pairs.toSorted()).toEqual(["a-b", "a-c", "b-c"]);
    expect(nodes.map(({ site }) => site)).toEqual(nodes.map(() => "203.0.113.0/24"));
    expect(nodes.filter(({ isSelf }) => isSelf).map(({ label }) => label)).toEqual(["a"]);
    for (const edge of edges) expect(edge.roundTripMs).toBeGreaterThan(0);
    expect(stderr).toBe("");
    const own = JSON.parse((await a.daemon.command("graph", "--own", "-o", "json")).stdout) as typeof edges;
    expect(own).toMatchObject({ edges: [{ way: "direct" }, { way: "direct" }] });
  });

  it("connectivity test sends large packets to nodes and pod networks, and finds the path that lets few pass", async () => {
    const verdicts = async () =>
      (linesOf((await testConnectivity("-o", "json")).stdout) as Verdict[]).map(
        ({ peer, test, result, text }) => `${peer} ${test} ${result}: ${text}`,
      );
    await a.run("ip", "addr", "add", "10.244.1.1/24", "dev", "lo");
    await b.run("ip", "addr", "add", "10.244.2.1/24", "dev", "lo");
    await waitFor(
      async () =>
        (await verdicts()).includes("b pods ok: 10.244.1.1 to 10.244.2.1: 1420 bytes there and back"),
      {
        what: "the pod networks",
      },
    );
    expect(await testConnectivity()).toMatchObject({ exitCode: 0 });
    await b.namespace.nft(
      "table inet hole { chain in { type filter hook input priority -300; udp dport 51820 meta length > 1400 drop; }; }",
    );
    const { exitCode, stdout } = await testConnectivity(); // it measures anew, so the first run finds the hole
    expect(await verdicts()).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^b nodes fail: no packets above 1280 bytes pass/),
        expect.stringMatching(/^b pods fail: .*: small packets pass, and such of 1420 bytes do not$/),
        expect.stringMatching(/^c nodes ok: 1420 bytes there and back/),
      ]),
    );
    await b.namespace.nft("delete table inet hole");
    expect(stdout.replace(/\s+/g, " ")).toContain("FAIL b, node to node: no packets above 1280 bytes pass");
    expect(stdout.split("\n").filter((line) => line.length > 80)).toEqual([]);
    expect(exitCode).toBe(19);
  });

  it("names who answers nobody, and who was forbidden to ask", async () => {
    await world.c.daemon.stop();
    await world.c.start({ ...world.options, daemon: { matrix: false, pathMTU: false } });
    await a.daemon.waitForPeers("b", "c");
    const { stdout, stderr, exitCode } = await a.daemon.command("matrix");
    expect(stderr.replace(/\s+/g, " ")).toContain("c: it does not answer: its version is older, or");
    expect(stdout).toMatch(/^FROM +TO +WAY +ROUND TRIP +LOSS +MTU$/m);
    expect(stdout).toMatch(/^a +c +direct +- +100% +-$/m);
    expect(`${stdout}${stderr}`.split("\n").filter((line) => line.length > 80)).toEqual([]);
    expect(exitCode).toBe(0);
    expect(await world.c.daemon.command("matrix")).toMatchObject({ exitCode: 3 });
  });
});

const report = async (file: string, ...args: string[]): Promise<string> => {
  const { exitCode, stderr } = await a.daemon.command("bugreport", "--file", file, ...args);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  expect(await a.run("stat", "-c", "%a", file)).toBe("600\n");
  return a.run("tar", "-xzOf", file);
};

describe("kubespan bugreport", () => {
  const canary = "c4nary-never-shown";
  it("has what tells of the node, and no secret that was planted", async () => {
    await a.run("ip", "link", "set", "eth0", "alias", `password=${canary}`);
    const identity = JSON.parse(a.namespace.read("/run/state/identity.json")) as { privateKey: string };
    const all = await report("/run/report.tar.gz");
    for (const part of [
      "b is up, at",
      "kubespan_blocks_ipv4",
      "KubeSpanPeerStatuses",
      "lookup 180",
      "interface: kubespan",
    ])
      expect(all).toContain(part);
    for (const secret of [world.cluster.secret, identity.privateKey]) {
      const bytes = Buffer.from(secret, "base64");
      expect(bytes).toHaveLength(32);
      for (const form of [
        bytes.toString("base64").slice(0, 43),
        bytes.toString("hex"),
        bytes.toString("base64url"),
      ])
        expect(all).not.toContain(form);
    }
    expect(all).not.toContain(canary);
    expect(all).not.toContain(proxyPassword);
  });

  it("--anonymise replaces addresses, keys and ids", async () => {
    const { node, peers } = await a.daemon.status();
    const all = await report("/run/anonymous.tar.gz", "--anonymise");
    expect(all).toContain("public-ipv4-1");
    const known = [node.nodeId, node.clusterId, node.publicKey, node.address, "203.0.113.", "10.244.2."];
    for (const name of [...known, ...peers.flatMap((peer) => [peer.nodeId, peer.publicKey, peer.address])])
      expect(all).not.toContain(name);
  });
});

describe("the examples in help texts", () => {
  it.each(
    Object.values(examples)
      .flat()
      .map(([line]) => line),
  )("%s", async (line) => {
    const [, ...args] = line.split(" ");
    await a.run("sh", "-c", 'cd /run && exec "$@"', "sh", kubespan, ...args); // a report is written there
  });
});
