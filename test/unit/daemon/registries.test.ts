import { pino } from "pino";
import { describe, expect, test } from "vitest";
import { KubespanError } from "../../../src/base/error.ts";
import type { Config } from "../../../src/config/config.ts";
import { joinRegistries } from "../../../src/daemon/registries.ts";
import { sameRegistries } from "../../../src/daemon/reload.ts";
import type { Announcement, Registry } from "../../../src/discovery/registry.ts";
import type { RegistryPhase } from "../../../src/discovery/registry-state.ts";
import { stateOf } from "../../../src/discovery/registry-state.ts";
import { nothingTold, type Told } from "../../../src/discovery/told.ts";
import { affiliateNamed, idOf, nameOf, prefix } from "../discovery/samples.ts";
import { config } from "../mesh/values.ts";

/** A registry that tells what it is told to. */
class Scripted implements Registry {
  says: Told;
  phase: RegistryPhase = { phase: "stopped" };
  published: Announcement | undefined;
  withdrawal: Error | undefined;
  #onChange: (() => void) | undefined;

  constructor(says: Partial<Told> = {}) {
    this.says = { ...nothingTold, isSealed: true, ...says };
  }

  start(onChange: () => void): void {
    this.phase = { phase: "connecting" };
    this.#onChange = onChange;
  }

  becomes(phase: RegistryPhase): void {
    this.phase = phase;
    this.#onChange?.();
  }

  publish(announcement: Announcement): void {
    this.published = announcement;
  }

  told = (): Told => this.says;
  state = () => stateOf({ name: "scripted", location: "here" }, this.says, this.phase);
  takenOut: string[] = [];
  takeOut = async (nodeId: string): Promise<void> => {
    if (this.withdrawal) throw this.withdrawal;
    this.takenOut.push(nodeId);
  };
  withdraw = (): Promise<void> => (this.withdrawal ? Promise.reject(this.withdrawal) : Promise.resolve());
  stop = (): Promise<void> => Promise.resolve(this.becomes({ phase: "stopped" }));
}

function joined(
  registries: readonly Registry[],
  options: Partial<Parameters<typeof joinRegistries>[1]> = {},
) {
  const time = { now: 1_000 };
  const all = joinRegistries(registries, {
    nodeDeletion: "auto",
    remembered: [],
    clock: () => time.now,
    open: () => new Scripted(),
    log: pino({ level: "silent" }),
    ...options,
  });
  return { all, time };
}

const podNetwork = prefix("10.244.1.0/24");
const other = prefix("10.244.9.0/24");

const serviceNamed = (name: string) => ({ name, host: name, port: 3000, tls: true });

describe("services of which other nodes tell", () => {
  test("are asked as soon as they are known, and no longer when nobody tells of them", () => {
    const opened = new Map<string, Scripted>();
    const named = new Scripted({ servers: [{ host: "named", port: 1, tls: true, clients: "daemon" }] });
    const { all, time } = joined([named], {
      open: ({ name }) => {
        const registry = new Scripted({ servers: [], affiliates: [affiliateNamed(name)] });
        opened.set(name, registry);
        return registry;
      },
    });
    all.learn({ services: [serviceNamed("a")], leftOut: [] });
    expect(opened.get("a")?.phase).toEqual({ phase: "stopped" });
    let changes = 0;
    all.start(() => {
      changes += 1;
    });
    const announcement = { own: affiliateNamed("own"), observed: new Map() };
    all.publish(announcement);
    all.learn({ services: [serviceNamed("a"), serviceNamed("b")], leftOut: [] });
    expect([...opened.keys()]).toEqual(["a", "b"]);
    for (const registry of opened.values()) {
      expect(registry.phase).toEqual({ phase: "connecting" });
      expect(registry.published).toBe(announcement);
    }
    opened.get("b")?.becomes({ phase: "connected" });
    expect(changes).toBe(1);
    expect(all.heard().map(({ nodeId }) => nameOf(nodeId))).toEqual(["a", "b"]);
    expect(all.states()).toHaveLength(3);
    // Nobody waits for them, and no way outside the mesh is opened for them.
    time.now += 60_000;
    expect(all.isSettled()).toBe(false);
    named.becomes({ phase: "connected" });
    expect(all.isSettled()).toBe(true);
    expect(all.servers()).toHaveLength(1);
    all.learn({ services: [serviceNamed("b")], leftOut: [] });
    expect(opened.get("a")?.phase).toEqual({ phase: "stopped" });
    expect(all.states()).toHaveLength(2);
  });
});

describe("several registries as one", () => {
  test("what is sealed is kept apart from what is not, whoever says it", () => {
    const sealed = new Scripted({ affiliates: [affiliateNamed("a"), affiliateNamed("b")] });
    const unsealed = new Scripted({
      isSealed: false,
      affiliates: [affiliateNamed("b"), affiliateNamed("c")],
    });
    const heard = joined([sealed, unsealed]).all.heard();
    expect(heard.map((each) => [nameOf(each.nodeId), "sealed" in each, "unsealed" in each])).toEqual([
      ["a", true, false],
      ["b", true, true],
      ["c", false, true],
    ]);
  });

  test("the highest number under this node's id counts, and none is 0", () => {
    expect(
      joined([
        new Scripted({ ownNumber: 7 }),
        new Scripted(),
        new Scripted({ ownNumber: 9 }),
      ]).all.ownNumber(),
    ).toBe(9);
    expect(joined([]).all.ownNumber()).toBe(0);
  });

  test.each([
    ["auto", [false], true],
    ["auto", [false, false], true],
    ["auto", [true, false], false],
    ["believe", [true, false], true],
    ["ignore", [false], false],
  ] as const)(
    "deleted nodes, with nodeDeletion %s and registries that are sealed: %j",
    (nodeDeletion, sealed, isBelieved) => {
      const registries = sealed.map(
        (isSealed) => new Scripted({ isSealed, deletedNodes: new Set(isSealed ? [] : [idOf("gone")]) }),
      );
      const deleted = joined(registries, { nodeDeletion }).all.deletedNodes();
      expect([...deleted]).toEqual(isBelieved ? [idOf("gone")] : []);
    },
  );

  test("pod networks of the last run stand in until the registry that may know some has told them", () => {
    const [service, nodes] = [new Scripted(), new Scripted({ podNetworks: undefined })];
    const { all } = joined([service, nodes], { remembered: [podNetwork] });
    expect([all.podNetworks(), all.rememberedPodNetworks()]).toEqual([[podNetwork], [podNetwork]]);
    nodes.says = { ...nodes.says, podNetworks: [other] };
    expect([all.podNetworks(), all.rememberedPodNetworks()]).toEqual([[other], []]);
    nodes.says = { ...nodes.says, podNetworks: [] };
    expect([all.podNetworks(), all.rememberedPodNetworks()]).toEqual([[], []]);
  });

  test("pod networks of the last run are nobody's where no registry knows of any", () => {
    const { all } = joined([new Scripted()], { remembered: [podNetwork] });
    expect([all.podNetworks(), all.rememberedPodNetworks()]).toEqual([[], []]);
  });

  test("are settled when all have answered once, or one has and the others had their time", () => {
    const [one, two] = [new Scripted(), new Scripted()];
    const { all, time } = joined([one, two]);
    all.start(() => undefined);
    time.now += 60_000;
    expect(all.isSettled()).toBe(false); // nobody has answered
    one.becomes({ phase: "connected" });
    expect(all.isSettled()).toBe(true);
    all.start(() => undefined);
    expect(all.isSettled()).toBe(false);
    two.becomes({ phase: "connected" });
    two.becomes({ phase: "connecting" });
    expect(all.isSettled()).toBe(true);
  });

  test("whoever cannot be told of the departure is named, and the others are told", async () => {
    const [one, two] = [new Scripted(), new Scripted()];
    one.withdrawal = new KubespanError("discovery", "it is away", { hint: "wait" });
    expect(await joined([one, two]).all.withdraw()).toEqual(["it is away (wait)"]);
  });

  test("another node is taken out of all, and those that cannot do so say why", async () => {
    const [one, two] = [new Scripted(), new Scripted()];
    one.withdrawal = new KubespanError("discovery", "it is away", { hint: "wait" });
    expect(await joined([one, two]).all.takeOut("gone")).toEqual(["it is away (wait)"]);
    expect(two.takenOut).toEqual(["gone"]);
  });

  test("what is published goes to all", () => {
    const registries = [new Scripted(), new Scripted()];
    const announcement = { own: affiliateNamed("me"), observed: new Map() };
    joined(registries).all.publish(announcement);
    expect(registries.map(({ published }) => published)).toEqual([announcement, announcement]);
  });
});

const service = { name: "a", host: "a.example.org", port: 443, tls: true };
const named = (name: string): Pick<Config, "node"> => ({ node: { ...config().node, name } });

test.each<[string, Partial<Config>, Partial<Config>, boolean]>([
  ["the same", {}, {}, true],
  ["another service", { services: [service] }, { services: [{ ...service, port: 444 }] }, false],
  ["Kubernetes besides", {}, { kubernetes: {} }, false],
  ["another kubeconfig", { kubernetes: { kubeconfig: "/a" } }, { kubernetes: { kubeconfig: "/b" } }, false],
  ["another name of the Node", { kubernetes: {}, ...named("a") }, { kubernetes: {}, ...named("b") }, false],
  ["another name without Kubernetes", named("a"), named("b"), true],
  ["disabled", {}, { enabled: false }, false],
  ["deletions are believed no more", {}, { members: { ...config().members, nodeDeletion: "ignore" } }, false],
])("registries that serve on after a reload: %s", (_, before, after, expected) => {
  expect(sameRegistries(config(before), config(after))).toBe(expected);
});
