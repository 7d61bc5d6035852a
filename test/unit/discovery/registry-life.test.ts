import { pino } from "pino";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { registryWith } from "../../../src/discovery/effects/registry-life.ts";
import { errorOf } from "../../../src/discovery/registry-state.ts";
import { until } from "./loopback.ts";
import { Zone, ZoneDriver, ZoneWay } from "./made-up-registry.ts";
import { type LogLine, registryContract } from "./registry-contract.ts";
import { affiliateNamed, idOf } from "./samples.ts";

let zone: Zone;
beforeEach(() => {
  zone = new Zone();
});

registryContract("that this test makes up", () => ({
  isSealed: false,
  subject: (name, log) => {
    const way = new ZoneWay();
    const registry = registryWith(new ZoneDriver(zone, way, idOf(name)), log);
    return Promise.resolve({ registry, own: affiliateNamed(name, "192.0.2.1:51820"), way });
  },
}));

test("is stopped when its session has ended, and not before", async () => {
  const way = new ZoneWay();
  const registry = registryWith(new ZoneDriver(zone, way, idOf("one")), pino({ level: "silent" }));
  registry.start(() => undefined);
  await until(() => expect(registry.state().phase).toBe("connected"));
  expect(way.isInUse).toBe(true);
  await registry.stop();
  expect(way.isInUse).toBe(false);
});

describe("what keeps a node from being announced", () => {
  test("is in the state beside a failure, and in the log once", async () => {
    const lines: LogLine[] = [];
    const log = pino({ level: "info" }, { write: (text) => lines.push(JSON.parse(text) as LogLine) });
    const way = new ZoneWay();
    const driver = new ZoneDriver(zone, way, idOf("one"));
    const registry = registryWith(driver, log);
    onTestFinished(() => registry.stop());
    const publish = (): void => registry.publish({ own: affiliateNamed("one"), observed: new Map() });
    driver.wrong = ["the name is too long"];
    registry.start(publish);
    await until(() =>
      expect(registry.state()).toMatchObject({ phase: "connected", error: "the name is too long" }),
    );
    way.shut();
    await until(() =>
      expect(errorOf(registry.state())).toBe("the zone cannot be reached; the name is too long"),
    );
    driver.wrong = ["the name is too long", "and it is taken"];
    publish();
    driver.wrong = [];
    publish();
    expect(errorOf(registry.state())).toBe("the zone cannot be reached");
    await registry.stop();
    expect(errorOf(registry.state())).toBeUndefined();
    expect(lines.filter(({ level }) => level === 50).map(({ msg }) => msg)).toEqual([
      "the name is too long",
      "and it is taken",
    ]);
  });
});

test("the log says that nobody else is there, which a wrong cluster id looks like", async () => {
  const lines: LogLine[] = [];
  const log = pino({ level: "info" }, { write: (text) => lines.push(JSON.parse(text) as LogLine) });
  const start = async (name: string): Promise<void> => {
    const registry = registryWith(new ZoneDriver(zone, new ZoneWay(), idOf(name)), log);
    onTestFinished(() => registry.stop());
    registry.start(() =>
      registry.publish({ own: affiliateNamed(name, "192.0.2.1:51820"), observed: new Map() }),
    );
    registry.publish({ own: affiliateNamed(name, "192.0.2.1:51820"), observed: new Map() });
    await until(() => expect(registry.state().phase).toBe("connected"));
  };
  await start("one");
  await start("two");
  expect(lines.map(({ msg }) => msg)).toEqual([
    expect.stringMatching(/no other node of this cluster is there .*compare clusterID/),
    expect.not.stringMatching(/no other node/),
  ]);
});
