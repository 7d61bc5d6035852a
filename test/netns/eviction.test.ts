import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type ConfigOptions,
  configFile,
  type Discovery,
  kubespan,
  Lab,
  type LabNode,
  newCluster,
  PingStream,
  publicNetwork,
  stateDirectory,
  waitFor,
} from "../../lab/index.ts";
import { decodeToken } from "../../src/joining/index.ts";

/*
 * An operator at a keeps c out, who has the secret of the cluster and goes on as ever. The daemon of b is away meanwhile.
 *
 *   a 203.0.113.1    b 203.0.113.2    c 203.0.113.3    d 203.0.113.4, which has no operator's key
 *   ===+================+================+================+===========  internet, service 203.0.113.9
 */
let lab: Lab;
let discovery: Discovery;
let a: LabNode;
let b: LabNode;
let c: LabNode;
let d: LabNode;
let options: ConfigOptions;
const keyFile = "/run/operator.key";
const identityFile = `${stateDirectory}/identity.json`;

const rotateKey = () => a.namespace.attempt(kubespan, "rotate", "key", "--config", configFile);
const evict = (...args: string[]) => a.daemon.command("evict", ...args, "--key", keyFile);

beforeAll(async () => {
  lab = await Lab.open();
  let host: (name: string, last: number) => Promise<LabNode>;
  ({ discovery, host } = await publicNetwork(lab));
  [a, b, c, d] = [await host("a", 1), await host("b", 2), await host("c", 3), await host("d", 4)];
  const plain = { cluster: newCluster(), services: [discovery.url] };
  const made = await a.run(kubespan, "gen", "operator-key", "-o", keyFile);
  options = { ...plain, daemon: { operatorKeys: JSON.parse(made.slice(made.indexOf("["))) as string[] } };
  await Promise.all([a, b, c].map((node) => node.start(options)));
  await d.start(plain);
  await Promise.all([
    a.daemon.waitForPeers("b", "c", "d"),
    b.daemon.waitForPeers("a", "c", "d"),
    c.daemon.waitForPeers("a", "b", "d"),
  ]);
});

afterAll(() => lab.close());

const knows = async (node: LabNode, key: string): Promise<boolean> =>
  (await node.run("wg", "show", "kubespan", "peers")).includes(key);

const isOutAt = async (node: LabNode, key: string): Promise<void> => {
  await waitFor(async () => !(await knows(node, key)), {
    what: `${node.name} to have no tunnel with c`,
    describe: () => node.daemon.log(),
  });
};

describe("kubespan rotate key", () => {
  it("loses less than a second of traffic in either direction, and the new key is what all have", async () => {
    const before = (await a.daemon.status()).node;
    const addressOfB = (await b.daemon.status()).node.address;
    const streams = [await PingStream.start(a, addressOfB), await PingStream.start(b, before.address)];
    const { exitCode, stdout, stderr } = await rotateKey();
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(stdout).toContain("3 of 3 connected nodes use it already\n");
    const after = (await a.daemon.status()).node;
    expect(after).toMatchObject({ nodeId: before.nodeId, address: before.address });
    expect(stdout).toContain(after.publicKey);
    for (const node of [b, c, d]) {
      await waitFor(
        async () => (await knows(node, after.publicKey)) && !(await knows(node, before.publicKey)),
        {
          what: `${node.name} to have the new key alone`,
          describe: () => node.daemon.log(),
        },
      );
    }
    for (const stream of streams) {
      await stream.moreAnswers(25);
      const { lost } = await stream.stop();
      expect(lost * 20).toBeLessThan(1_000);
    }
  });
});

/** Gives a node other secrets, as an operator does who edits its configuration. */
const give = async (node: LabNode, secret: string, ...acceptSecrets: readonly string[]): Promise<void> => {
  const { operatorKeys } = options.daemon ?? {};
  const cluster = { ...options.cluster, secret };
  const daemon = {
    ...(node !== d && { operatorKeys }),
    ...(acceptSecrets.length > 0 && { acceptSecrets }),
  };
  await node.daemon.configure({ ...options, cluster, daemon });
  node.daemon.signal("SIGHUP");
};
const toSay = (node: LabNode, expected: RegExp | undefined) =>
  node.daemon.waitForStatus(`what is said of the secret: ${expected ?? "nothing"}`, ({ warnings }) => {
    const said = warnings.find(({ who }) => who === "cluster secret")?.what;
    return expected ? said !== undefined && expected.test(said) : said === undefined;
  });
const presharedKeys = async (node: LabNode): Promise<readonly string[]> =>
  (await node.run("wg", "show", "kubespan", "preshared-keys"))
    .trim()
    .split("\n")
    .map((line) => line.split("\t")[1] ?? "");

describe("another cluster secret", () => {
  it("takes the place of the old one without a lost packet, and nodes connect while it does", async () => {
    const nodes = [a, b, c, d];
    const { secret: old } = options.cluster;
    const { secret: next } = newCluster();
    const stream = await PingStream.start(a, (await b.daemon.status()).node.address);
    // First, all accept it. Who does not yet is named.
    await give(a, old, next);
    await toSay(a, /^is being changed; [b-d], [b-d], [b-d] does not accept every secret/);
    for (const node of [b, c, d]) await give(node, old, next);
    for (const node of nodes) await toSay(node, /all members accept both, and seal with the same/);
    // Then all seal with it, one after the other. A tunnel that has to be made anew meanwhile comes up.
    for (const node of [a, b]) await give(node, next, old);
    for (const node of [c, d])
      await toSay(node, /all members accept both, and [ab], [ab] seals with another one/);
    await d.run("ip", "link", "delete", "kubespan");
    await d.daemon.waitForPeers("a", "b", "c");
    for (const node of [a, c]) expect(await d.reaches((await node.daemon.status()).node.address)).toBe(true);
    for (const node of [c, d]) await give(node, next, old);
    for (const node of nodes) await toSay(node, /all members accept both, and seal with the same/);
    // Then the old one is forgotten.
    for (const node of nodes) await give(node, next);
    for (const node of nodes) {
      await toSay(node, undefined);
      expect(await presharedKeys(node)).toEqual([next, next, next]);
    }
    expect((await stream.stop()).lost).toBe(0);
    await d.run("ip", "link", "delete", "kubespan");
    await d.daemon.waitForPeers("a", "b", "c");
    options = { ...options, cluster: { ...options.cluster, secret: next } };
  });
});

describe("an evicted node", () => {
  it("is gone from the nodes that are there, and who does not know of it is named", async () => {
    const { publicKey, address } = (await c.daemon.status()).node;
    await b.daemon.stop("SIGKILL");
    const { exitCode, stdout, stderr } = await evict("c");
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(stdout).toContain("c is out of the mesh here\n");
    expect(stdout).toMatch(/d: it did not confirm: is the operator's key in its configuration\?/);
    await isOutAt(a, publicKey);
    expect(await a.reaches(address)).toBe(false);
    expect((await a.daemon.status()).refusedAffiliates).toContainEqual(
      expect.objectContaining({ label: "c", reason: "an operator evicted it" }),
    );
    const { warnings } = await c.daemon.waitForStatus("that c knows", (status) =>
      status.warnings.some(({ what }) => what.includes("was evicted")),
    );
    expect(warnings).toContainEqual(expect.objectContaining({ who: "this node" }));
  });

  it("is out on a node that was away then, and stays out where nobody tells of it, with another id", async () => {
    const { publicKey } = (await c.daemon.status()).node;
    // As if b had been killed while it took a key of its own, right after that was written.
    const written = JSON.parse(b.namespace.read(identityFile)) as { privateKey: string };
    const privateKey = (await b.run("wg", "genkey")).trim();
    await b.namespace.write(identityFile, JSON.stringify({ ...written, privateKey }));
    await b.daemon.start();
    // What b knows it has to know by itself once the service is gone: whom to reach, and who is out.
    await b.daemon.waitForPeers("a", "d");
    await b.daemon.waitForStatus("that c is out", ({ refusedAffiliates }) =>
      refusedAffiliates.some(({ label }) => label === "c"),
    );
    await isOutAt(b, publicKey);
    await discovery.stop("SIGKILL");
    await a.daemon.waitForStatus("that the service is away", ({ registries }) =>
      registries.every(({ phase }) => phase !== "connected"),
    );
    // A key that nobody could be told of is not taken.
    const rotated = await rotateKey();
    expect(rotated).toMatchObject({ exitCode: 8, stdout: "" });
    expect(rotated.stderr).toContain("no registry is connected");
    await b.daemon.stop("SIGKILL");
    await b.daemon.start();
    await b.daemon.waitForPeers("a", "d");
    await isOutAt(b, publicKey);
    await discovery.start();
    // The same key under another id: the holder of a key can choose that.
    const identity = JSON.parse(c.namespace.read(identityFile)) as { nodeId: string };
    await c.daemon.stop();
    await c.namespace.write(identityFile, JSON.stringify({ ...identity, nodeId: "E".repeat(43) }));
    await c.daemon.start();
    for (const node of [a, b]) {
      await node.daemon.waitForStatus("c under its other id", ({ refusedAffiliates }) =>
        refusedAffiliates.some(({ nodeId }) => nodeId === "E".repeat(43)),
      );
      expect(await knows(node, publicKey)).toBe(false);
    }
  });

  it("comes back once the operator says so, and for nobody else", async () => {
    await b.run(kubespan, "gen", "operator-key", "-o", "/run/forged.key");
    const forged = await b.daemon.command("evict", "a", "--key", "/run/forged.key");
    expect(forged).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("operatorKeys") as string });
    const { exitCode, stdout, stderr } = await evict("c", "--lift");
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(stdout).toContain("c may come back\n");
    await Promise.all([a.daemon.waitForPeers("b", "c", "d"), b.daemon.waitForPeers("a", "c", "d")]);
    expect((await b.daemon.command("get", "evictions")).stdout).toMatch(/lifted/);
  });
});

describe("kubespan evict --rotate", () => {
  it("gives all but the evicted node another secret, without a lost packet, and keeps that one out for good", async () => {
    const { secret: old } = options.cluster;
    await d.daemon.configure(options);
    d.daemon.signal("SIGHUP");
    const stream = await PingStream.start(a, (await d.daemon.status()).node.address);
    await b.daemon.stop("SIGKILL");
    const { exitCode, stdout, stderr } = await evict("c", "--rotate");
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(stdout).toMatch(/another secret: 1 of 2 other nodes have it already\n/);
    expect(stdout).toMatch(/\n {2}b: it did not confirm/);
    await toSay(a, /command here; b does not have it yet: the old one is accepted until/);
    const token = (await a.daemon.command("token")).stdout.trim();
    const next = decodeToken(token).cluster.secret.revealBase64();
    expect(next).not.toBe(old);
    // Whoever is put out comes back with the old secret, another id and another key, and knows all members. Nobody
    // needs the old secret to join any more.
    await waitFor(
      async () => (await a.daemon.log()).includes("this node seals with the new cluster secret"),
      {
        what: "a to seal with the new secret",
        describe: () => a.daemon.log(),
      },
    );
    await c.daemon.stop("SIGKILL");
    await c.run("rm", identityFile);
    await c.daemon.start();
    const { nodeId, publicKey } = (await c.daemon.waitForStatus("its new id", () => true)).node;
    for (const node of [a, d])
      await node.daemon.waitForStatus("that c is refused", ({ refusedAffiliates }) =>
        refusedAffiliates.some((each) => each.nodeId === nodeId && /being replaced/.test(each.reason)),
      );
    const isUnopened = (each: { readonly nodeId: string; readonly reason: string }): boolean =>
      each.nodeId === nodeId && each.reason.includes("does not open");
    // b was away, and gets the secret when it is back, by the old one. Then nobody accepts that any more.
    await b.daemon.start();
    for (const node of [a, b, d]) {
      await node.daemon.waitForStatus("that the change is over", ({ warnings, registries }) => {
        const isOver = warnings.every(({ who }) => who !== "cluster secret");
        return isOver && registries.some(({ refused }) => refused.some(isUnopened));
      });
      expect(await presharedKeys(node)).toEqual([next, next]);
      expect(await knows(node, publicKey)).toBe(false);
    }
    await stream.moreAnswers(5);
    expect((await stream.stop()).lost).toBe(0);
    // The file still has the old secret, and means the new one.
    await d.daemon.stop("SIGKILL");
    await d.run("ip", "link", "delete", "kubespan");
    await d.daemon.start();
    await d.daemon.waitForPeers("a", "b");
    expect(await presharedKeys(d)).toEqual([next, next]);
    for (const node of [a, b, d]) expect(await node.daemon.log()).not.toContain(next);
  });
});
