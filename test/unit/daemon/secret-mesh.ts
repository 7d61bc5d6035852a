import { randomBytes } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { pino } from "pino";
import { expect, onTestFinished } from "vitest";
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

export const operator = new Secret(Buffer.alloc(32, 5));
export const secret = (number: number): Secret => new Secret(Buffer.alloc(32, number));
export const file: ClusterIdentity = { id: "a cluster", secret: secret(100) };
const log = pino({ level: "silent" });
export const hour = 3600;

/** A node of a mesh in which all hear each other at once. */
export class Node {
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
      random: (size) => this.#mesh.random(size),
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
      },
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

export class Mesh {
  #isOver = false;
  #drawn = 0;
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

  /** Bytes of which the first, by which tests know a secret, is none of a secret that was there before. */
  random(size: number): Buffer {
    const bytes = randomBytes(size);
    bytes[0] = 101 + (this.#drawn++ % 100);
    return bytes;
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
