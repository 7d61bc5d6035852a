import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { pino } from "pino";
import { describe, expect, onTestFinished, test } from "vitest";
import { Secret } from "../../../src/base/secret.ts";
import type { ClusterIdentity } from "../../../src/config/config.ts";
import { readKeptSecret } from "../../../src/config/effects/kept-secret.ts";
import { withKept } from "../../../src/config/kept-secret.ts";
import { type Around, SecretChange } from "../../../src/daemon/secret-change.ts";
import { secretName, secretNames } from "../../../src/discovery/secrets.ts";
import { operatorKeyOf } from "../../../src/eviction/operator-key.ts";
import { privateKeyFrom, publicKeyOf } from "../../../src/identity/key.ts";
import type { Recipient } from "../../../src/members/effects/index.ts";
import type { Notice, SecretNotice } from "../../../src/members/notice.ts";
import { RolloutFile } from "../../../src/secret-change/effects/rollout-file.ts";
import { signSecretChange } from "../../../src/secret-change/statement.ts";
import { memberOf, membersOf } from "../members/member.ts";
import { affiliate } from "../mesh/values.ts";
import { temporaryFolder } from "../temporary-folder.ts";

const operator = new Secret(Buffer.alloc(32, 5));
const secret = (number: number): Secret => new Secret(Buffer.alloc(32, number));
const file: ClusterIdentity = { id: "a cluster", secret: secret(100) };
const log = pino({ level: "silent" });
const hour = 3600;

/** A node of a mesh in which all hear each other at once. */
class Node {
  readonly #mesh: Mesh;
  readonly #folder: string;
  readonly number: number;
  readonly #privateKey: Secret;
  readonly publicKey: string;
  isThere = true;
  hasMembership = true;
  operatorKeys: readonly string[] = [operatorKeyOf(operator)];
  file: ClusterIdentity = file;
  cluster: ClusterIdentity = file;
  change!: SecretChange;
  readonly heard: { readonly notice: SecretNotice; readonly sender: string }[] = [];
  /** Whether this process is killed where it would use what it kept. */
  isKilledThen = false;
  kills = 0;

  static async make(mesh: Mesh, number: number): Promise<Node> {
    const node = new Node(mesh, number, await temporaryFolder());
    await node.start();
    return node;
  }

  private constructor(mesh: Mesh, number: number, folder: string) {
    this.#mesh = mesh;
    this.number = number;
    this.#folder = folder;
    this.#privateKey = privateKeyFrom(Buffer.alloc(32, number));
    this.publicKey = publicKeyOf(this.#privateKey);
  }

  /** Starts, or starts again, with what is on disk. */
  async start(): Promise<void> {
    await this.#load();
    this.change = new SecretChange({
      file: await RolloutFile.open(this.#folder, log),
      log,
      clock: () => this.#mesh.now,
      ticks: () => this.#mesh.now,
    });
    this.change.follow(async () => {
      if (this.isKilledThen) {
        this.kills++;
        throw new Error("killed");
      }
      await this.#load();
    });
  }

  async #load(): Promise<void> {
    const kept = await readKeptSecret(this.#folder);
    this.cluster = (kept && withKept(this.file, kept)) ?? this.file;
  }

  /** The numbers of the secrets that this node knows, the one that seals first. */
  get secrets(): readonly (number | undefined)[] {
    return [this.cluster.secret, ...(this.cluster.accepted ?? [])].map((each) => each.reveal()[0]);
  }

  get affiliate() {
    const { cluster } = this;
    const secrets = secretNames(cluster) ?? [secretName(cluster.secret, cluster.id)];
    const { kubespan, ...rest } = affiliate(this.number);
    const membership = { number: this.#mesh.now, startedAt: 1, machine: "", otherNetworks: [], secrets };
    return {
      ...rest,
      ...(kubespan && { kubespan: { ...kubespan, publicKey: this.publicKey } }),
      ...(this.hasMembership && { membership }),
    };
  }

  get around(): Around {
    const { now } = this.#mesh;
    const others = this.#mesh.nodes.filter((each) => each !== this);
    return {
      config: {
        cluster: this.cluster,
        enabled: true,
        stateDirectory: this.#folder,
        operatorKeys: this.operatorKeys,
      },
      identity: {
        nodeId: affiliate(this.number).nodeId,
        privateKey: this.#privateKey,
        publicKey: this.publicKey,
        hardwareAddress: "02:00:00:00:00:01",
      } as Around["identity"],
      members: membersOf(
        ...others.map((each) => memberOf(each.affiliate, now, each.isThere ? { connectedAt: now } : {})),
      ),
      evictions: { isEvicted: this.#mesh.isEvicted },
      messenger: { tell: (recipients, notice) => this.#mesh.deliver(this, recipients, notice) },
      wake: () => this.#mesh.wake(this),
    };
  }

  async texts(): Promise<readonly string[]> {
    const names = await readdir(this.#folder);
    return Promise.all(names.map((name) => readFile(join(this.#folder, name), "utf8")));
  }
}

class Mesh {
  #isOver = false;
  now = 1_700_000_000_000;
  readonly nodes: Node[] = [];
  isEvicted: (nodeId: string, publicKey: string | undefined) => boolean = () => false;

  static async of(count: number): Promise<Mesh> {
    const mesh = new Mesh();
    onTestFinished(() => {
      mesh.#isOver = true;
    });
    for (let number = 1; number <= count; number++) mesh.nodes.push(await Node.make(mesh, number));
    return mesh;
  }

  node(number: number): Node {
    return this.nodes[number - 1] ?? expect.fail();
  }

  async deliver(from: Node, recipients: readonly Recipient[], notice: Notice): Promise<ReadonlySet<string>> {
    const told = new Set<string>();
    for (const { publicKey } of recipients) {
      const to = this.nodes.find((each) => each.publicKey === publicKey);
      if (!to?.isThere || notice.kind !== "secret") continue;
      to.heard.push({ notice, sender: from.publicKey });
      if (to.change.heed(notice, from.publicKey, to.around)) told.add(publicKey);
    }
    return told;
  }

  /** A pass of a node comes, as ever, after what it does at the moment. */
  wake(node: Node): void {
    setImmediate(() => void node.change.lead(node.around).catch(() => undefined));
  }

  /** Has the leader lead on until that is so, in steps that are small beside the hour that it has. */
  async until(isSo: () => boolean): Promise<void> {
    while (!isSo() && !this.#isOver) {
      this.now += 100;
      await this.node(1).change.lead(this.node(1).around);
      await delay(1);
    }
  }

  async begin(key = operator, by = this.node(1)): ReturnType<SecretChange["begin"]> {
    const offer = by.change.offer(by.around);
    expect(Object.keys(offer).sort()).toEqual(["digest", "number", "replaces"]);
    let isAnswered = false;
    const begun = by.change
      .begin(signSecretChange(key, file.id, offer), hour, () => by.around)
      .finally(() => {
        isAnswered = true;
      });
    await Promise.all([begun, this.until(() => isAnswered)]);
    return begun;
  }
}

const newestOf = async (node: Node): Promise<number> => {
  const [, newest] = node.secrets;
  return newest ?? node.secrets[0] ?? expect.fail();
};

describe("a change of the cluster secret", () => {
  test("comes to all, stage by stage, and the file on disk is the only place with the secret", async () => {
    const mesh = await Mesh.of(4);
    const rotated = await mesh.begin();
    const next = await newestOf(mesh.node(1));
    await mesh.until(() => mesh.nodes.every(({ secrets }) => secrets.length === 1));
    expect(rotated).toMatchObject({ asked: 3 });
    for (const node of mesh.nodes) expect(node.secrets).toEqual([next]);
    await mesh.until(() => mesh.node(1).change.rollout === undefined);
    const text = mesh.node(1).cluster.secret.revealBase64();
    expect(JSON.stringify([rotated, mesh.node(2).heard])).not.toContain(text);
    expect((await mesh.node(2).texts()).filter((each) => each.includes(text))).toHaveLength(1);
  });

  test("never has one that forgot the old secret while another does not know the new one", async () => {
    const mesh = await Mesh.of(3);
    mesh.node(3).isThere = false;
    const rotated = await mesh.begin();
    expect(rotated.missed).toContainEqual({
      label: "node-3",
      reason: expect.stringContaining("not connected") as string,
    });
    await mesh.until(() => mesh.node(2).secrets[0] !== 100);
    await mesh.until(() => mesh.node(1).secrets[0] !== 100);
    for (let pass = 0; pass < 20; pass++) await mesh.node(1).change.lead(mesh.node(1).around);
    expect(mesh.node(1).secrets).toHaveLength(2);
    mesh.node(3).isThere = true;
    await mesh.until(() => mesh.nodes.every(({ secrets }) => secrets.length === 1));
    expect(new Set(mesh.nodes.flatMap(({ secrets }) => secrets)).size).toBe(1);
  });

  test("ends when its time is over, and who was away is missing then", async () => {
    const mesh = await Mesh.of(3);
    mesh.node(3).isThere = false;
    await mesh.begin();
    await mesh.until(() => mesh.node(2).secrets[0] !== 100);
    mesh.now += hour * 1000;
    await mesh.until(() => mesh.node(2).secrets.length === 1);
    expect(mesh.node(3).secrets).toEqual([100]);
    expect(mesh.node(1).change.rollout?.receivers.filter(({ has }) => !has)).toMatchObject([
      { label: "node-3" },
    ]);
  });

  test("goes past who is evicted, and past who came later under another key", async () => {
    const mesh = await Mesh.of(3);
    mesh.isEvicted = (_, publicKey) => publicKey === mesh.node(3).publicKey;
    const rotated = await mesh.begin();
    expect(rotated).toMatchObject({ asked: 1 });
    mesh.nodes.push(await Node.make(mesh, 4));
    await mesh.until(() => mesh.node(2).secrets.length === 1 && mesh.node(1).secrets.length === 1);
    for (const number of [3, 4]) {
      expect(mesh.node(number).heard).toEqual([]);
      expect(mesh.node(number).secrets).toEqual([100]);
    }
  });

  test.each([
    ["it knows no operator", []],
    ["it knows another operator", [operatorKeyOf(secret(6))]],
  ])("does not come to a node if %s", async (_, keys) => {
    const mesh = await Mesh.of(2);
    mesh.node(2).operatorKeys = keys;
    const begun = mesh.begin();
    await mesh.until(() => mesh.node(1).secrets[0] !== 100);
    expect((await begun).missed).toMatchObject([{ label: "node-2" }]);
    expect(mesh.node(2).heard.length).toBeGreaterThan(0);
    expect(mesh.node(2).secrets).toEqual([100]);
    expect(await mesh.node(2).texts()).toEqual([]);
  });
});

describe("a plain member", () => {
  test("cannot have a secret of its own taken, nor begin a change without the operator", async () => {
    const mesh = await Mesh.of(3);
    await expect(mesh.begin(secret(6))).rejects.toThrow(
      "is not signed for the secret that this node offered",
    );
    const [one, two] = [mesh.node(1), mesh.node(2)];
    const offer = one.change.offer(one.around);
    const [statement = ""] = signSecretChange(secret(6), file.id, offer);
    expect(
      two.change.heed({ kind: "secret", statement, sealed: "A".repeat(96) }, one.publicKey, two.around),
    ).toBe(false);
    expect(await two.texts()).toEqual([]);
  });

  test("cannot repeat an earlier change where another one, or another secret by hand, came since", async () => {
    const mesh = await Mesh.of(3);
    await mesh.begin();
    await mesh.until(() => mesh.nodes.every(({ secrets }) => secrets.length === 1));
    const earlier = mesh.node(2).heard.splice(0);
    await mesh.until(() => mesh.node(1).change.rollout === undefined);
    await mesh.begin();
    await mesh.until(() => mesh.nodes.every(({ secrets }) => secrets.length === 1));
    const node = mesh.node(2);
    const now = node.secrets;
    for (const { notice, sender } of earlier)
      expect(node.change.heed(notice, sender, node.around)).toBe(false);
    await new Promise(setImmediate);
    expect(node.secrets).toEqual(now);
    node.file = { ...file, secret: secret(101) };
    await node.start();
    for (const { notice, sender } of earlier)
      expect(node.change.heed(notice, sender, node.around)).toBe(false);
    await new Promise(setImmediate);
    await node.start();
    expect(node.secrets).toEqual([101]);
  });
});

describe("a process that is killed", () => {
  test("after it kept the secret has it at the next start; and what was not confirmed is told again", async () => {
    const mesh = await Mesh.of(2);
    const node = mesh.node(2);
    node.isKilledThen = true;
    const begun = mesh.begin();
    await mesh.until(() => node.kills > 0);
    expect(node.secrets).toEqual([100]);
    await node.start();
    node.isKilledThen = false;
    expect(node.secrets).toHaveLength(2);
    await begun;
    await mesh.until(() => mesh.nodes.every(({ secrets }) => secrets.length === 1));
  });

  test("while it leads goes on after a restart, from whatever stage", async () => {
    const mesh = await Mesh.of(3);
    mesh.node(3).isThere = false;
    await mesh.begin();
    for (let restart = 0; restart < 3; restart++) {
      await mesh.node(1).start();
      await mesh.until(() => mesh.node(2).secrets[0] !== 100);
    }
    mesh.node(3).isThere = true;
    await mesh.node(1).start();
    await mesh.until(() => mesh.nodes.every(({ secrets }) => secrets.length === 1));
    await mesh.node(1).start();
    await mesh.until(() => mesh.node(1).change.rollout === undefined);
  });

  test("before it kept the secret that it leads has nothing begun", async () => {
    const mesh = await Mesh.of(2);
    const [one] = mesh.nodes;
    one!.file = file;
    const offer = mesh.node(1).change.offer(mesh.node(1).around);
    const begun = mesh.node(1).change.begin(signSecretChange(operator, file.id, offer), hour, () => ({
      ...mesh.node(1).around,
      config: { ...mesh.node(1).around.config, stateDirectory: "/nowhere" },
    }));
    await expect(begun).rejects.toThrow();
    await mesh.node(1).start();
    expect(mesh.node(1).change.rollout).toBeDefined();
    await mesh.node(1).change.lead(mesh.node(1).around);
    expect(mesh.node(1).change.rollout).toBeUndefined();
    expect(mesh.nodes.map(({ secrets }) => secrets)).toEqual([[100], [100]]);
  });
});

describe("a change is refused", () => {
  test.each<[string, (mesh: Mesh) => void, RegExp]>([
    ["without an operator", (mesh) => (mesh.node(1).operatorKeys = []), /a member alone may not do this/],
    [
      "with a Talos node",
      (mesh) => (mesh.node(2).hasMembership = false),
      /node-2 cannot be told of a secret/,
    ],
    [
      "while it is changed by hand",
      (mesh) => (mesh.node(1).cluster = { ...file, accepted: [secret(9)] }),
      /acceptSecrets is set/,
    ],
  ])("%s", async (_, make, reason) => {
    const mesh = await Mesh.of(2);
    make(mesh);
    await expect(mesh.begin()).rejects.toThrow(reason);
    expect(await mesh.node(1).texts()).toEqual([]);
  });

  test("for a secret that was not offered", async () => {
    const mesh = await Mesh.of(2);
    const one = mesh.node(1);
    const offer = one.change.offer(one.around);
    one.change.offer(one.around);
    const begun = one.change.begin(signSecretChange(operator, file.id, offer), hour, () => one.around);
    await expect(begun).rejects.toThrow("not signed for the secret that this node offered");
  });
});
