import { setImmediate } from "node:timers/promises";
import { type Logger, pino } from "pino";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { KubespanError } from "../../../src/base/error.ts";
import type { Affiliate } from "../../../src/discovery/affiliate.ts";
import type { Registry } from "../../../src/discovery/registry.ts";
import { errorOf } from "../../../src/discovery/registry-state.ts";
import { idsOf, until } from "./loopback.ts";
import { address, nameOf } from "./samples.ts";

/** What a log got. */
export interface LogLine {
  /** As pino counts: 20 debug, 30 info, 40 warn, 50 error. */
  readonly level: number;
  readonly msg: string;
}

/** The way from one registry to its other side. */
interface Line {
  /** Connections end, and new ones fail. */
  shut(): void;
  reopen(): void;
  readonly accepted: number;
  readonly isInUse: boolean;
}

/** A node, and its registry that was not started yet. */
interface Subject {
  readonly registry: Registry;
  readonly own: Affiliate;
  readonly way: Line;
}

/** Where registries of one kind meet. Everything in it ends with the test that asked for it. */
export interface World {
  readonly isSealed: boolean;
  /** The node of that name, with a log of its own. */
  subject(name: string, log: Logger): Promise<Subject>;
}

interface Member extends Subject {
  readonly lines: readonly LogLine[];
  readonly onChange: ReturnType<typeof vi.fn>;
  /** Begins as the daemon does: what the node says is published anew with every change. */
  start(): void;
  say(own: Affiliate): void;
}

async function memberOf(world: World, name: string): Promise<Member> {
  const lines: LogLine[] = [];
  const log = pino({ level: "debug" }, { write: (text) => lines.push(JSON.parse(text) as LogLine) });
  const subject = await world.subject(name, log);
  const { registry } = subject;
  onTestFinished(() => registry.stop());
  let said = subject.own;
  const publish = (): void => registry.publish({ own: said, observed: new Map() });
  const onChange = vi.fn(publish);
  const say = (own: Affiliate): void => {
    said = own;
    publish();
  };
  const start = (): void => {
    publish();
    registry.start(onChange);
  };
  return { ...subject, lines, onChange, start, say };
}

async function started(world: World, ...names: string[]): Promise<Member[]> {
  const members = await Promise.all(names.map((name) => memberOf(world, name)));
  for (const member of members) member.start();
  const others = (name: string): string[] => names.filter((each) => each !== name).sort();
  await until(() => expect(members.map(({ registry }) => idsOf(registry))).toEqual(names.map(others)));
  return members;
}

const first = <Item>(items: readonly Item[]): Item => {
  const [item] = items;
  if (item === undefined) throw new Error("there is none");
  return item;
};

/** The failures that were logged, in order. */
const failuresIn = (lines: readonly LogLine[]): LogLine[] =>
  lines.filter(({ msg }) => /cannot be reached/.test(msg));

/** What every registry does, of whatever kind. */
export function registryContract(kind: string, world: () => World): void {
  describe(`a registry of the kind ${kind}`, () => {
    test("does nothing before it is started, and tells nothing", async () => {
      const { registry, way, own } = await memberOf(world(), "one");
      registry.publish({ own, observed: new Map() });
      await registry.stop();
      expect(registry.state()).toMatchObject({ phase: "stopped", affiliates: 0, refused: [] });
      expect(registry.told()).toMatchObject({
        isSealed: world().isSealed,
        affiliates: [],
        refused: [],
        deletedNodes: new Set(),
        awayNodes: new Set(),
        ownNumber: 0,
        reflected: undefined,
        disowned: undefined,
      });
      expect(registry.told()).toHaveProperty("podNetworks");
      expect(way.accepted).toBe(0);
    });

    test("finds the others, never itself, and tells of a change later than in the call that makes it", async () => {
      const [one, two] = await Promise.all([memberOf(world(), "one"), memberOf(world(), "two")]);
      one.start();
      expect(one.onChange).not.toHaveBeenCalled();
      expect(one.registry.state().phase).toBe("connecting");
      await until(() => expect(one.registry.state().phase).toBe("connected"));
      await until(() => expect(one.onChange).toHaveBeenCalled());
      const before = one.onChange.mock.calls.length;
      two.start();
      await until(() => expect(idsOf(one.registry)).toEqual(["two"]));
      await until(() => expect(one.onChange.mock.calls.length).toBeGreaterThan(before));
      await until(() => expect(idsOf(two.registry)).toEqual(["one"]));
      expect(one.registry.state()).toMatchObject({ phase: "connected", affiliates: 1 });
      expect(errorOf(one.registry.state())).toBeUndefined();
      expect(one.lines.filter(({ level }) => level >= 40)).toEqual([]);
    });

    test("is started once: a second start changes nothing", async () => {
      const one = first(await started(world(), "one", "two"));
      const ignored = vi.fn();
      one.registry.start(ignored);
      await one.registry.stop();
      await until(() => expect(one.way.isInUse).toBe(false));
      const before = one.onChange.mock.calls.length;
      one.start();
      await until(() => expect(one.onChange.mock.calls.length).toBeGreaterThan(before));
      expect(ignored).not.toHaveBeenCalled();
    });

    test("keeps what it was told while its other side is away, says so once, and goes on by itself", async () => {
      const [one, two] = await started(world(), "one", "two");
      if (!one || !two) throw new Error("no members");
      one.way.shut();
      await until(() => expect(one.registry.state()).toMatchObject({ phase: "connecting", affiliates: 1 }));
      expect(errorOf(one.registry.state())).toMatch(/cannot be reached/);
      await until(() => expect(failuresIn(one.lines).length).toBeGreaterThan(3));
      const failures = failuresIn(one.lines);
      for (const [index, { level, msg }] of failures.entries())
        expect(level).toBe(msg === failures[index - 1]?.msg ? 20 : 40);
      expect(idsOf(one.registry)).toEqual(["two"]);
      two.say({ ...two.own, addresses: [address("192.0.2.99")] });
      one.way.reopen();
      await until(() => expect(one.registry.state().phase).toBe("connected"));
      expect(errorOf(one.registry.state())).toBeUndefined();
      await until(() => expect(one.registry.told().affiliates[0]?.addresses).toEqual(["192.0.2.99"]));
    });

    test("connects anew when the node loses an address, and is connected all the while", async () => {
      const [one, two] = await started(world(), "one", "two");
      if (!one || !two) throw new Error("no members");
      const { accepted } = one.way;
      const phases = new Set<string>();
      one.onChange.mockImplementation(() => phases.add(one.registry.state().phase));
      one.say({ ...one.own, addresses: [address("192.0.2.77")] });
      await until(() => expect(one.way.accepted).toBeGreaterThan(accepted));
      await until(() => expect(two.registry.told().affiliates[0]?.addresses).toEqual(["192.0.2.77"]));
      expect([...phases].filter((phase) => phase !== "connected")).toEqual([]);
    });

    test("connects anew once a second at most while the node loses one address after the other", async () => {
      const [one] = await started(world(), "one", "two");
      if (!one) throw new Error("no member");
      const [before, since] = [one.way.accepted, performance.now()];
      for (let last = 1; last <= 50; last++) {
        one.say({ ...one.own, addresses: [address(`192.0.2.${last}`)] });
        await setImmediate();
      }
      await until(() => expect(one.way.accepted).toBeGreaterThan(before));
      const seconds = (performance.now() - since) / 1000;
      expect(one.way.accepted - before).toBeLessThanOrEqual(2 + seconds);
    });

    test("ends with its connections when it is stopped, and tells nobody; what it was told stays", async () => {
      const [one, two, three] = await started(world(), "one", "two", "three");
      if (!one || !two || !three) throw new Error("no members");
      await one.registry.stop();
      const calls = one.onChange.mock.calls.length;
      expect(one.registry.state()).toMatchObject({ phase: "stopped", affiliates: 2 });
      await until(() => expect(one.way.isInUse).toBe(false));
      two.say({ ...two.own, addresses: [address("192.0.2.98")] });
      const addressesOf = ({ registry }: Member): readonly string[] =>
        registry.told().affiliates.find(({ nodeId }) => nodeId === two.own.nodeId)?.addresses ?? [];
      await until(() => expect(addressesOf(three)).toEqual(["192.0.2.98"]));
      expect(addressesOf(one)).toEqual(two.own.addresses);
      expect(one.onChange).toHaveBeenCalledTimes(calls);
      expect(idsOf(three.registry)).toEqual(["one", "two"]); // to stop is not to leave
      one.start();
      await until(() => expect(addressesOf(one)).toEqual(["192.0.2.98"]));
    });

    test("can be stopped while it waits for the next attempt", async () => {
      const one = await memberOf(world(), "one");
      one.way.shut();
      one.start();
      await until(() => expect(failuresIn(one.lines).length).toBeGreaterThan(1));
      await one.registry.stop();
      const failures = failuresIn(one.lines).length;
      one.way.reopen();
      expect(one.registry.state().phase).toBe("stopped");
      one.start();
      await until(() => expect(one.registry.state().phase).toBe("connected"));
      expect(failuresIn(one.lines)).toHaveLength(failures);
    });

    test("that is withdrawn is gone for the others, and comes back with a new start", async () => {
      const [one, two] = await started(world(), "one", "two");
      if (!one || !two) throw new Error("no members");
      await one.registry.withdraw();
      expect(one.registry.state().phase).toBe("stopped");
      await until(() => expect(idsOf(two.registry)).toEqual([]));
      one.start();
      await until(() => expect(idsOf(two.registry)).toEqual(["one"]));
      expect(two.registry.told().affiliates.map(({ nodeId }) => nameOf(nodeId))).toEqual(["one"]);
    });

    test("that cannot withdraw says why", async () => {
      const { registry, way } = await memberOf(world(), "one");
      way.shut();
      const withdrawal = registry.withdraw();
      await expect(withdrawal).rejects.toBeInstanceOf(KubespanError);
      await expect(withdrawal).rejects.toMatchObject({ code: "discovery", message: /cannot be reached/ });
    });
  });
}
