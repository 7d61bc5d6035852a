import { createHash } from "node:crypto";
import { pino } from "pino";
import { describe, expect, onTestFinished, test } from "vitest";
import { FakeKernel, fateOf } from "../../../lab/kernel/index.ts";
import { KubespanError } from "../../../src/base/index.ts";
import type { Config } from "../../../src/config/index.ts";
import { evictionsOf } from "../../../src/daemon/evictions.ts";
import type { Scope } from "../../../src/daemon/loop.ts";
import { Membership } from "../../../src/daemon/membership.ts";
import { Mesh } from "../../../src/daemon/mesh.ts";
import { OwnPods } from "../../../src/daemon/own-pods.ts";
import type { OpenRacer } from "../../../src/daemon/racing.ts";
import type { Registries } from "../../../src/daemon/registries.ts";
import { RegistryWays } from "../../../src/daemon/registry-ways.ts";
import { Repairs } from "../../../src/daemon/repairs.ts";
import { SecondBarrier } from "../../../src/daemon/second-barrier.ts";
import { secretChangeOf } from "../../../src/daemon/secret-change.ts";
import type { Announcement } from "../../../src/discovery/index.ts";
import { newIdentity } from "../../../src/identity/identity.ts";
import { LedgerFile } from "../../../src/members/effects/index.ts";
import type { Endpoint } from "../../../src/net/index.ts";
import { LastWorkingFile } from "../../../src/peers/effects/index.ts";
import { HostNameWatch, NumberFile } from "../../../src/self/effects/index.ts";
import { Carriage } from "../../../src/stream/index.ts";
import type { Runner } from "../../../src/system/index.ts";
import { idOf } from "../discovery/samples.ts";
import { anUplink, held } from "../mesh/pass/scene.ts";
import {
  address,
  affiliate,
  config as configOf,
  endpoint,
  key,
  self as ownSelf,
  prefix,
} from "../mesh/values.ts";
import { temporaryFolder } from "../temporary-folder.ts";

const log = pino({ level: "silent" });
const roundTripMs = 10;

/** The peer has three endpoints, and answers at one of them; `isThere` says whether it answers at all. */
const dead = [endpoint("198.51.100.1:51820"), endpoint("198.51.100.2:51820")];
const alive = endpoint("203.0.113.2:51820");
const peer = affiliate(
  2,
  {
    publicKey: key(2),
    additionalAddresses: [prefix("10.244.2.0/24")],
    endpoints: [...dead, alive],
  },
  { nodeId: idOf("node-2") },
);

/** The daemon's mesh on a fake kernel: with its files, and without sockets, processes and time of its own. */
class Stage {
  readonly kernel: FakeKernel;
  readonly published: Announcement[] = [];
  /** The endpoints to which race rounds went, round by round. */
  readonly raced: (readonly Endpoint[])[] = [];
  /** The endpoints at which WireGuard was told to call somebody. */
  readonly dialled: string[] = [];
  /** Whether the ledger of a daemon that starts now had the peer, at each command that names a network of it. */
  readonly keptAtSteering: boolean[] = [];
  isThere = true;
  hasSockets = true;
  now = 1_700_000_000_000;
  #wakes: { readonly at: number; readonly scope: Scope }[] = [];
  #mesh: Mesh | undefined;

  constructor() {
    this.kernel = new FakeKernel({
      clock: () => this.now,
      answers: (publicKey, at) => this.#answers(publicKey, at),
    });
    this.kernel.links.plug("eth0");
  }

  #answers(publicKey: string, at: Endpoint): boolean {
    return this.isThere && publicKey === key(2) && at === alive;
  }

  get mesh(): Mesh {
    return this.#mesh ?? expect.fail("the mesh was not opened");
  }

  /** Unless something else is said, the link is there, as after another run: it does not matter what this kernel can do. */
  async open(changes: Partial<Config>, before = held("ip link add kubespan type wireguard")): Promise<this> {
    for (const command of [...anUplink, ...before]) await this.kernel.run(command);
    const stateDirectory = await temporaryFolder();
    const config = configOf({ stateDirectory, ...changes });
    const identity = newIdentity("02:00:00:00:00:01", (count) =>
      createHash("shake256", { outputLength: count }).update("this node").digest(),
    );
    const clock = (): number => this.now;
    const { nodeId, publicKey } = identity;
    const self = { ...ownSelf, nodeId, publicKey };
    const { cluster } = config;
    const openLedger = () => LedgerFile.open({ stateDirectory, cluster, nodeId, log, clock });
    const ledger = await openLedger();
    this.#isKept = async () => (await openLedger()).found?.members.has(peer.nodeId) === true;
    const number = await NumberFile.open(stateDirectory, log);
    const shared = { config, identity, self, number, log, clock };
    this.#mesh = new Mesh(
      {
        ...shared,
        registries: this.#registries(),
        membership: new Membership({
          ...shared,
          ledger,
          evictions: await evictionsOf(config, identity, log),
          secretChange: await secretChangeOf(config, log),
          isKept: true,
        }),
        origin: { machine: "", startedAt: this.now },
        lastWorking: await LastWorkingFile.open(stateDirectory, log, clock),
        ownPods: new OwnPods(),
        repairs: new Repairs(log),
        barrier: new SecondBarrier(log),
        owner: { ownership: "impossible" },
        hostNames: new HostNameWatch({ names: [], log }),
        ways: new RegistryWays({ log, clock, group: undefined, saved: [] }),
        run: this.#run,
        readSetting: this.kernel.read,
        openRacer: this.#openRacer,
      },
      undefined,
    );
    this.#mesh.wakeWith((inMs, scope) => void this.#wakes.push({ at: this.now + inMs, scope }));
    onTestFinished(() => this.mesh.close());
    return this;
  }

  /** The programs that were run, with what they were told first. */
  readonly ran: string[] = [];

  readonly #run: Runner = async (command) => {
    this.ran.push([command.program, ...command.args].slice(0, 4).join(" "));
    const text = `${command.args.join(" ")} ${typeof command.input === "string" ? command.input : ""}`;
    if (command.program === "wg")
      this.dialled.push(...[...text.matchAll(/endpoint (?:= )?(\S+)/gi)].map(([, at = ""]) => at));
    if (text.includes("10.244.2.0/24")) this.keptAtSteering.push(await this.#isKept());
    return this.kernel.run(command);
  };

  #isKept: () => Promise<boolean> = async () => false;

  /** A racer whose packets reach the peer, and no network. */
  readonly #openRacer: OpenRacer = async ({ onAnswer }) => {
    if (!this.hasSockets) throw new KubespanError("command", "no socket can be opened");
    return {
      unreadable: new Map(),
      counts: { sent: 0, unsent: 0, answered: 0, cookies: 0, stray: 0, forged: 0, fromElsewhere: 0 },
      race: (publicKey, endpoints) => {
        this.raced.push(endpoints);
        const at = endpoints.find((each) => this.#answers(publicKey, each));
        const [sentAt, answeredAt] = [this.now, this.now + roundTripMs];
        // An answer never arrives while the round is being sent.
        if (at) queueMicrotask(() => onAnswer(publicKey, { endpoint: at, sentAt, answeredAt, roundTripMs }));
      },
      pin: async () => undefined,
      guess: async () => undefined,
      repair: async () => false,
      send: () => undefined,
      transaction: (random) => random,
      close: async () => undefined,
    };
  };

  #registries(): Registries {
    return {
      start: () => undefined,
      carriage: new Carriage(),
      publish: (announcement) => void this.published.push(announcement),
      heard: () => [{ nodeId: peer.nodeId, sealed: peer }],
      deletedNodes: () => new Set(),
      servers: () => [],
      raw: () => [],
      ownNumber: () => 0,
      states: () => [],
      podNetworks: () => [],
      stunServers: () => [],
      rememberedPodNetworks: () => [],
      isSettled: () => true,
      learn: () => undefined,
      withdraw: async () => [],
      takeOut: async () => [],
      stop: async () => undefined,
    };
  }

  /** Goes on as the daemon's loop does, from wake to wake, until the condition holds or that much time is over. */
  async goOn(
    forMs: number,
    isEnough: () => boolean = () => false,
    first: Scope = "everything",
  ): Promise<void> {
    const end = this.now + forMs;
    let due: { readonly at: number; readonly scope: Scope } = { at: this.now, scope: first };
    while (due.at <= end && !isEnough()) {
      this.now = Math.max(this.now, due.at);
      const wakeInMs = await this.mesh.pass(due.scope);
      await Promise.resolve();
      const next = [
        ...this.#wakes,
        ...(wakeInMs === undefined ? [] : [{ at: this.now + wakeInMs, scope: "peers" as const }]),
      ];
      this.#wakes = [];
      due = next.toSorted((one, other) => one.at - other.at)[0] ?? { at: end + 1, scope: "peers" };
    }
    if (!isEnough()) this.now = end;
  }

  get isUp(): boolean {
    const [connection] = this.mesh.memory.peers.connections.values();
    return connection !== undefined && connection.phase !== "connecting";
  }

  /** What becomes of packets to a pod of the peer. */
  get fate(): string {
    return fateOf(this.kernel, address("10.244.2.9"));
  }
}

const process = { pid: 1, startedAt: 0, work: { state: "working" as const } };

describe("the mesh of a daemon", () => {
  test("races a peer at all of its endpoints, calls it where it answered and nowhere else, and steers", async () => {
    const stage = await new Stage().open({ connect: "race" });
    await stage.goOn(5_000, () => stage.isUp);
    expect(stage.isUp).toBe(true);
    expect(new Set(stage.raced.flat())).toEqual(new Set([...dead, alive]));
    expect(new Set(stage.dialled)).toEqual(new Set([alive]));
    expect(stage.fate).toBe("tunnel");
    expect(stage.published.at(-1)?.own.kubespan?.address).toMatch(/^fd/);
    expect(new Set(stage.keptAtSteering)).toEqual(new Set([true])); // so it may be killed at any of them
  });

  test("races more and more seldom while nobody answers, lets nothing out, and is up once somebody does", async () => {
    const stage = await new Stage().open({ connect: "race" });
    stage.isThere = false;
    await stage.goOn(10_000);
    const soon = stage.raced.length;
    await stage.goOn(50_000);
    expect(soon).toBeGreaterThan(3);
    expect(stage.raced.length - soon).toBeLessThan(soon);
    expect(stage.dialled).toEqual([]);
    expect([stage.isUp, stage.fate]).toEqual([false, "tunnel"]); // where nobody is called, nothing leaves
    stage.isThere = true;
    await stage.goOn(30_000, () => stage.isUp);
    expect([stage.isUp, stage.fate]).toEqual([true, "tunnel"]);
  });

  test("calls a peer before it looks at everything again, once it has made its link", async () => {
    const stage = await new Stage().open({ connect: "race", wireguard: "userspace" }, []);
    await stage.mesh.pass("everything");
    const made = stage.ran.length;
    await stage.mesh.pass("registries"); // a registry has news: the link that was made is relied on
    await stage.goOn(1_500, () => stage.isUp, "peers");
    const later = stage.ran.slice(made);
    expect([stage.isUp, stage.fate]).toEqual([true, "tunnel"]);
    expect(later.filter((command) => /^ip|racing/.test(command))).toEqual([]);
  });

  test("where racing does not work, calls one endpoint after the other, and status has the reason", async () => {
    const stage = await new Stage().open({ connect: "auto" });
    stage.hasSockets = false;
    await stage.goOn(20_000, () => stage.isUp);
    expect(stage.isUp).toBe(true);
    expect(stage.raced).toEqual([]);
    expect(new Set(stage.dialled)).toEqual(new Set([...dead, alive]));
    const { node } = await stage.mesh.status(process);
    expect(node.racing).toMatchObject({ works: false, reason: "no socket can be opened" });
    await stage.mesh.down();
    expect(stage.kernel.links.all.has("kubespan")).toBe(false);
    expect(stage.fate).toBe("clear");
  });
});
